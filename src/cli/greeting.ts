import { relative } from 'node:path'

export interface Greeting {
  /** Where the intake listens, such as `http://127.0.0.1:8080`. */
  readonly url: string
  readonly adminUrl: string
  readonly publicUrl: string | undefined
  /** The file with the keys, if they come from a file. */
  readonly keysFile: string | undefined
  /** The key made by this start; shown on a terminal only. */
  readonly newKey: string | undefined
  readonly sampleFile: string
  /** Where the events appear, one sentence a sink. */
  readonly sinks: readonly string[]
  readonly terminal: boolean
  readonly cwd: string
}

/** What a person needs next, for stderr. Holds the key only where a new one was made and a terminal shows it. */
export function greetingText(greeting: Greeting): string {
  const path = (file: string) => shellWord(shortest(greeting.cwd, file))
  const key = greeting.keysFile === undefined ? '$INTAKE_KEY' : `$(cat ${path(greeting.keysFile)})`
  const destination = `${(greeting.publicUrl ?? 'https://YOUR-HOST').replace(/\/+$/, '')}/plain/batch?header_X-SEKOIAIO-INTAKE-KEY=`
  const lines = ['', `logpush-intake listens on ${greeting.url}, metrics and API page on ${greeting.adminUrl}`, '']
  if (greeting.newKey !== undefined) {
    lines.push(`A new intake key is in ${shortest(greeting.cwd, greeting.keysFile ?? '')} (mode 0600).`)
    if (greeting.terminal) lines.push(`It is shown this once: ${greeting.newKey}`)
    lines.push('')
  }
  lines.push(
    'Try it:',
    `  curl --data-binary @${path(greeting.sampleFile)} -H 'Content-Encoding: gzip' -H "X-SEKOIAIO-INTAKE-KEY: ${key}" ${greeting.url}/plain/batch`,
    '',
    'Logpush destination_conf:',
    `  "${destination}${key}"`,
    ...(greeting.publicUrl === undefined
      ? ['  (set PUBLIC_URL to the https URL by which Logpush reaches this service)']
      : []),
    '',
    ...greeting.sinks.map(sentence => `Events: ${sentence}`),
    '',
  )
  return `${lines.join('\n')}\n`
}

function shortest(cwd: string, file: string): string {
  const below = relative(cwd, file)
  return below.startsWith('..') ? file : below
}

function shellWord(word: string): string {
  return /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
