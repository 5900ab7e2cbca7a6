/**
 * Lets schemathesis try the running service against openapi.yaml: `npm run api-test [-- --examples 100 --seed 1]`. It is installed from
 * PyPI into a folder of its own in the user's cache; where that cannot be, the reason is printed and nothing is tested.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse, stringify } from 'yaml'
import { startService } from '../service.ts'

const PACKAGE = 'schemathesis==4.32.5'
const INSTALL_MS = 300_000
const RUN_MS = 20 * 60_000

/** Each with why it cannot be held. */
const NOT_CHECKED = [
  // A text body is never wrong, whatever it holds, and an empty one stores nothing.
  'negative_data_rejection',
  // What /many takes depends on where its path leads.
  'positive_data_acceptance',
  // Whoever failed often is answered 429 instead of 401; that a wrong key is never taken, `npm run hostile` sees.
  'ignored_auth',
]

const { values } = parseArgs({
  options: { examples: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
})
const tester = await install()
if (typeof tester === 'string') process.exitCode = await run(tester)
else process.stdout.write(`skipped: ${tester.missing}\n`)

async function install(): Promise<string | { missing: string }> {
  const folder = join(
    process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
    'logpush-intake',
    PACKAGE.replace('==', '-'),
  )
  const program = join(folder, 'bin', 'st')
  if (existsSync(program)) return program
  await mkdir(folder, { recursive: true })
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', folder]],
    [join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', PACKAGE]],
  ]
  for (const [command, args] of steps) {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: INSTALL_MS })
    if (status === 0) continue
    await rm(folder, { recursive: true, force: true })
    const why = error?.message ?? stderr.trim().split('\n').at(-1)
    return { missing: `${PACKAGE} cannot be installed with Python and PyPI: ${why}` }
  }
  return program
}

async function run(program: string): Promise<number> {
  const service = await startService()
  const folder = await mkdtemp(join(tmpdir(), 'logpush-api-'))
  try {
    const { status } = spawnSync(
      program,
      [
        'run',
        await narrowed(folder, service.key),
        ...['--url', service.url, '--header', `X-SEKOIAIO-INTAKE-KEY: ${service.key}`],
        ...['--max-examples', values.examples, '--seed', values.seed, '--phases', 'examples,coverage,fuzzing'],
        ...['--exclude-checks', NOT_CHECKED.join(','), '--continue-on-failure', '--suppress-health-check', 'all'],
      ],
      // Its own database of examples stays out of the checkout, and out of the next run.
      { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'], timeout: RUN_MS },
    )
    return status ?? 1
  } finally {
    await rm(folder, { recursive: true, force: true })
    await service.stop()
  }
}

interface Schema {
  readonly properties?: Record<string, Schema>
  readonly items?: Schema
  enum?: readonly string[]
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly schema: Schema }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> }
}

/** The document with what it says in words where a program reads it: else nearly every request would be refused in the same way. */
async function narrowed(folder: string, key: string): Promise<string> {
  const document: { paths: Record<string, Record<string, Operation>> } = parse(
    await readFile(join(import.meta.dirname, '../../openapi.yaml'), 'utf8'),
    { maxAliasCount: -1 },
  )
  const known: Record<string, readonly string[]> = {
    dataset: ['http_requests', 'dns_logs', 'nothing'],
    'X-Logpush-Dataset': ['http_requests'],
    'X-SEKOIAIO-EVENT-TIMESTAMP': ['2026-11-25T10:00:00Z', '1790000000'],
    intake_key: [key, 'none'],
  }
  const narrow = (name: string, schema: Schema) => {
    if (known[name] !== undefined) schema.enum = known[name]
    for (const [member, inner] of Object.entries(schema.properties ?? {})) narrow(member, inner)
    if (schema.items !== undefined) narrow('', schema.items)
  }
  for (const operation of Object.values(document.paths).flatMap(path => Object.values(path))) {
    for (const { name, schema } of operation.parameters ?? []) narrow(name, schema)
    for (const { schema } of Object.values(operation.requestBody?.content ?? {})) narrow('', schema)
  }
  const file = join(folder, 'openapi.yaml')
  await writeFile(file, stringify(document, { aliasDuplicateObjects: false }))
  return file
}
