import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const line = '{"ClientIP":"192.0.2.1","CacheCacheStatus":"hit","EdgeStartTimestamp":1506702504433000201}'

const EXAMPLES = ['worker.ts', 'lambda.ts', 'map-files.mjs']

/** What npm sets for the scripts it runs would tell an npm inside of them where to install. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))

const USE_TS = `
import { type Context, createMapper, type DatasetName, type Detection, datasets, detect, type JsonObject, type Mapper, type MapperOptions } from 'logpush-intake/mapper'

const mapper: Mapper = createMapper({ profile: 'ecs', additions: 'on', dropFields: ['Cookies'], eventIdField: 'labels.id' })
const context: Context = { dataset: 'http_requests', receivedAt: new Date(), id: (line: number) => String(line) }
const event: JsonObject = mapper.map({ ClientIP: '192.0.2.1' }, context)
for (const each of mapper.mapBatch(new Set(['{}', '[]']))) each['@timestamp'] satisfies unknown
const found: Detection = detect('{}')
export const all: readonly unknown[] = [event, found.dataset?.length, found.score + 1, datasets.length, [...mapper.mapBatch('{}')].length]

const options: MapperOptions = { profile: undefined, additions: undefined, eventIdField: undefined, dropFields: undefined }
createMapper(options)
const name: DatasetName | undefined = found.dataset
mapper.map(JSON.parse('{}'), { dataset: name, receivedAt: Date.now() })
// @ts-expect-error: no such dataset
mapper.map('{}', { dataset: 'http' })
// @ts-expect-error: a forgotten await
mapper.map(Promise.resolve('{}'))
// @ts-expect-error: bytes
mapper.map(new Uint8Array(2))
// @ts-expect-error: bytes
mapper.mapBatch(new Uint8Array(2))
// @ts-expect-error: a Map has no names
mapper.map(new Map([['ClientIP', '192.0.2.1']]))
// @ts-expect-error: an array is no record
detect(['{}'])
// @ts-expect-error: no such profile
createMapper({ profile: 'otel' })
// @ts-expect-error: no such option
createMapper({ dropfields: [] })
// @ts-expect-error: a number is no line
mapper.map(1)
`

describe('the package, packed and installed in an empty folder', () => {
  let folder: string
  const run = (file: string, ...args: string[]) => promisify(execFile)(file, args, { cwd: folder, env })
  const node = (script: string) => run(process.execPath, '--input-type=module', '-e', script)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'package-'))
    await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}')
    const packed = await promisify(execFile)('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: root,
      env,
    })
    const name = /logpush-intake-[\d.]+\.tgz/.exec(packed.stdout)?.[0] as string
    // A registry that says nothing is asked again; npm would wait five minutes.
    const patience = ['--fetch-timeout=20000', '--fetch-retries=5']
    await run(
      'npm',
      'install',
      `./${name}`,
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      ...patience,
    )
    for (const example of EXAMPLES)
      await cp(join(folder, 'node_modules/logpush-intake/examples', example), join(folder, example))
    await cp(join(root, 'examples/audit-logs.ndjson.gz'), join(folder, 'audit-logs.ndjson.gz'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('maps and detects in JavaScript, where nothing of Node is at hand', async () => {
    const { stdout } = await node(`
      const print = console.log
      for (const name of ['process', 'Buffer', 'global', 'setImmediate', 'console']) delete globalThis[name]
      const { createMapper, datasets, detect } = await import('logpush-intake/mapper')
      const line = ${JSON.stringify(line)}
      const [event, bad] = createMapper({ eventIdField: 'labels.id' }).mapBatch(line + '\\r\\n\\n{"ü":x}')
      print(JSON.stringify({ event, bad, found: detect(line), datasets: datasets.length }))
    `)
    expect(JSON.parse(stdout)).toMatchObject({
      event: {
        '@timestamp': '2017-09-29T16:28:24.433000201Z',
        event: { dataset: 'http_requests' },
        source: { ip: '192.0.2.1' },
        labels: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        message: line,
      },
      bad: { error: { message: 'The line is not JSON: what stands at byte 6 is not allowed there.' } },
      found: { dataset: 'http_requests', score: 1 },
      datasets: 37,
    })
  })

  it('is documented with the examples as they are', async () => {
    const docs = await readFile(join(root, 'docs/mapper.md'), 'utf8')
    for (const example of EXAMPLES) expect(docs).toContain(await readFile(join(root, 'examples', example), 'utf8'))
  })

  it('keeps its other files to itself', async () => {
    const { stdout } = await node(`
      const refused = await Promise.allSettled(['logpush-intake', 'logpush-intake/dist/app.js'].map(name => import(name)))
      console.log(refused.map(({ reason }) => reason?.code).join())
    `)
    expect(stdout.trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED,ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  it.each([
    ['nodenext', { module: 'nodenext' }],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
  ])('compiles in TypeScript with the resolution %s, without any types of Node', async (_, options) => {
    await writeFile(join(folder, 'use.ts'), USE_TS)
    const compile = { ...options, lib: ['es2023'], types: [], exactOptionalPropertyTypes: true, skipLibCheck: false }
    await expect(check(['use.ts'], compile)).resolves.toBe('')
    const wrong = `${USE_TS}\nmapper.map('{}', { dataset: 1 })\n`
    await writeFile(join(folder, 'use.ts'), wrong)
    await expect(check(['use.ts'], compile)).resolves.toContain('TS2322')
  })

  it('compiles the examples', async () => {
    const types = { typeRoots: [join(root, 'node_modules/@types')], skipLibCheck: true }
    const bundler = { module: 'esnext', moduleResolution: 'bundler' }
    await expect(check(['worker.ts'], { ...bundler, lib: ['esnext', 'webworker'], types: [] })).resolves.toBe('')
    const ofNode = { module: 'nodenext', types: ['node'], allowJs: true, checkJs: true, ...types }
    await expect(check(['lambda.ts', 'map-files.mjs'], ofNode)).resolves.toBe('')
  })

  it('runs the batch script', async () => {
    const { stdout } = await run(process.execPath, 'map-files.mjs', 'audit-logs.ndjson.gz', 'audit-logs.ndjson.gz')
    const events = stdout
      .trimEnd()
      .split('\n')
      .map(text => JSON.parse(text))
    expect(events.map(event => event.event.dataset)).toEqual(Array(10).fill('audit_logs'))
  })

  it('runs the batch script where the reader has enough, with an empty DATASET, and tells how to call it', async () => {
    const files = Array(200).fill('audit-logs.ndjson.gz').join(' ')
    const head = await run(
      'bash',
      '-c',
      `set -o pipefail; DATASET= "${process.execPath}" map-files.mjs ${files} | head -n 1`,
    )
    expect(JSON.parse(head.stdout).event.dataset).toBe('audit_logs')
    expect(head.stderr).toBe('')
    const usage = await run(process.execPath, 'map-files.mjs').catch(error => error)
    expect(usage).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Usage: .*map-files\.mjs <file>/),
    })
  })

  it('runs the Worker: stores the events of a gzipped batch, and refuses a wrong key', async () => {
    const { stdout } = await node(`
      import { gzipSync } from 'node:zlib'
      import worker from './worker.ts'
      const stored = []
      const env = { INTAKE_KEY: 'k', BUCKET: { put: async (key, value) => stored.push({ key, value }) } }
      const send = async (key, body) => {
        const headers = { Authorization: key, 'Content-Encoding': 'gzip' }
        return (await worker.fetch(new Request('http://worker', { method: 'POST', headers, body }), env)).status
      }
      const body = gzipSync(${JSON.stringify(`${line}\ntest\n`)})
      console.log(JSON.stringify({ statuses: [await send('k', body), await send('x', body)], stored }))
    `)
    const { statuses, stored } = JSON.parse(stdout)
    expect(statuses).toEqual([200, 401])
    expect(stored).toHaveLength(1)
    expect(stored[0].key).toMatch(/^\d{4}-.+\.ndjson$/)
    const events = stored[0].value
      .trimEnd()
      .split('\n')
      .map((text: string) => JSON.parse(text).event.dataset)
    expect(events).toEqual(['http_requests', 'unknown'])
  })

  it('runs the Lambda: hands the events on, and has Logpush send again what the sink did not take', async () => {
    const bodies: string[] = []
    const sink = createServer(async (request, response) => {
      bodies.push(await new Response(request as unknown as ReadableStream).text())
      response.writeHead(bodies.length === 1 ? 200 : 500).end()
    }).listen(0, '127.0.0.1')
    await once(sink, 'listening')
    try {
      const { stdout } = await node(`
        import { gzipSync } from 'node:zlib'
        import { handler } from './lambda.ts'
        process.env.INTAKE_KEY = 'k'
        process.env.SINK_URL = 'http://127.0.0.1:${(sink.address() as AddressInfo).port}'
        const body = gzipSync(${JSON.stringify(line)}).toString('base64')
        const send = async authorization =>
          (await handler({ headers: { authorization, 'content-encoding': 'gzip' }, body, isBase64Encoded: true })).statusCode
        console.log(await send('k'), await send('k'), await send('x'))
      `)
      expect(stdout.trim()).toBe('200 503 401')
      expect(bodies.map(body => JSON.parse(body).source.ip)).toEqual(['192.0.2.1', '192.0.2.1'])
    } finally {
      sink.close()
    }
  })

  /** What the compiler of this checkout has to say, in the installed folder. */
  async function check(files: readonly string[], options: object): Promise<string> {
    const compilerOptions = { strict: true, noEmit: true, target: 'esnext', ...options }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    return await run(process.execPath, tsc, '-p', folder).then(
      () => '',
      (error: { stdout: string }) => error.stdout || String(error),
    )
  }

  it('has what the licence asks for, and nothing of the tests', async () => {
    const { stdout } = await run('find', 'node_modules/logpush-intake', '-type', 'f')
    expect(stdout).toContain('/LICENSE')
    expect(stdout).toContain('/NOTICE')
    const readme = await readFile(join(folder, 'node_modules/logpush-intake/README.md'), 'utf8')
    const links = [...readme.matchAll(/\]\(((?!https?:|#)[^)#]+)/g)].map(match => match[1])
    expect(links.length).toBeGreaterThan(3)
    for (const link of links) expect(stdout).toContain(`/logpush-intake/${link}`)
    expect(stdout).not.toMatch(/\/(test|bench|scripts)\//)
    expect(await readFile(join(folder, 'node_modules/logpush-intake/dist/datasets/facts.json'), 'utf8')).toContain('{')
  })
})
