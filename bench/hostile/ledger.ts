import { globSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { isText } from './expected.ts'

/** Which lines were answered 200, and which of them are in the file sink. */
export interface Ledger {
  told(id: string, kind: string, text: string | undefined): void
  /** Reads on in the files. Returns what is wrong with what was found there. */
  read(): Promise<string[]>
  /** Told and not found. */
  missing(): string[]
  readonly counts: { told: number; found: number; untold: number }
}

interface Told {
  readonly kind: string
  readonly text: string | undefined
}

/** Where the event carries its id; a setting of the service. */
export const ID_FIELD = 'labels.intake_id'

const READ_BYTES = 8 * 1024 ** 2
const LF = 0x0a

/** @param folder of the file sink */
export function createLedger(folder: string): Ledger {
  const open = new Map<string, Told>()
  const found = new Set<string>()
  const offsets = new Map<string, number>()
  const counts = { told: 0, found: 0, untold: 0 }

  const take = (line: string): string | undefined => {
    const event = JSON.parse(line)
    const id: string = event.labels?.intake_id
    const text: string = event.event?.original ?? event.message
    if (found.has(id)) return `${id} is twice in the file sink`
    found.add(id)
    counts.found++
    const told = open.get(id)
    open.delete(id)
    if (told === undefined) {
      // A request may be stored and its answer lost to what follows it on the connection; one that hides in another may not.
      counts.untold++
      return text.includes('"smuggled":true') ? 'a request hidden in another was stored' : undefined
    }
    if (told.text === undefined || isText(text, told.text)) return undefined
    return `${told.kind}: the line came out as ${quoted(text)}, not ${quoted(told.text)}`
  }
  return {
    counts,
    told(id, kind, text) {
      if (open.has(id) || found.has(id)) return
      counts.told++
      open.set(id, { kind, text })
    },
    async read() {
      const problems: string[] = []
      for (const name of globSync('*/*.ndjson', { cwd: folder })) {
        const end = await readLines(join(folder, name), offsets.get(name) ?? 0, line => {
          const problem = take(line)
          if (problem !== undefined) problems.push(problem)
        })
        offsets.set(name, end)
      }
      return problems
    },
    missing: () =>
      Array.from(open, ([id, { kind, text }]) => `${kind}: ${id} is not in the file sink: ${quoted(text ?? '')}`),
  }
}

/** @returns behind the last whole line */
async function readLines(path: string, from: number, onLine: (line: string) => void): Promise<number> {
  const file = await open(path)
  try {
    let rest: Buffer = Buffer.alloc(0)
    let at = from
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, at + rest.length)
      if (bytesRead === 0) return at
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
      let start = 0
      for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
        onLine(bytes.toString('utf8', start, end))
        start = end + 1
      }
      rest = bytes.subarray(start)
      at += start
    }
  } finally {
    await file.close()
  }
}

const quoted = (text: string) => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}… (${text.length})` : text)
