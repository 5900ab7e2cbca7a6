import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'

const main = join(import.meta.dirname, '../../src/main.ts')
const sample = join(import.meta.dirname, '../../examples/audit-logs.ndjson.gz')
const dir = mkdtempSync(join(tmpdir(), 'map-'))
afterAll(() => rmSync(dir, { recursive: true }))

async function run(
  args: string[],
  { input = '', env = {} }: { input?: string | Uint8Array; env?: Record<string, string> } = {},
) {
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env.PATH, ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number]
  return {
    code,
    stderr,
    lines:
      stdout === ''
        ? []
        : stdout
            .trimEnd()
            .split('\n')
            .map(line => JSON.parse(line)),
  }
}

const DNS = '{"QueryName":"a.example.","QueryType":1,"ResponseCode":0,"Timestamp":1657233726004000123}'

describe('the command map', () => {
  it('maps a gzipped file and the same as plain text on standard input alike', async () => {
    const fromFile = await run(['map', sample])
    const fromInput = await run(['map'], { input: gunzipSync(readFileSync(sample)) })
    expect(fromFile.lines).toHaveLength(5)
    expect(fromInput.lines).toEqual(fromFile.lines)
    expect(fromFile.stderr).toMatch(/^5 lines, 0 bad; audit_logs 5; /)
  })

  it('keeps the order of lines of different datasets and of bad ones', async () => {
    const audit = gunzipSync(readFileSync(sample)).toString().split('\n')[0]
    const { lines, stderr } = await run(['map'], { input: `${DNS}\nnonsense\n${audit}\n${DNS}` })
    expect(lines.map(event => event.event.dataset)).toEqual(['dns_logs', 'unknown', 'audit_logs', 'dns_logs'])
    expect(lines[0]['@timestamp']).toBe('2022-07-07T22:42:06.004000123Z')
    expect(stderr).toContain('4 lines, 1 bad')
  })

  it('obeys DROP_FIELDS, DROP_DATASETS, EVENT_ID_FIELD and --profile', async () => {
    const dropped = await run(['map'], { input: DNS, env: { DROP_FIELDS: 'QueryName', EVENT_ID_FIELD: 'labels.id' } })
    expect(JSON.stringify(dropped.lines)).not.toContain('a.example')
    expect(dropped.lines[0].labels.id).toMatch(/^[0-9a-f-]{36}$/)
    expect((await run(['map'], { input: DNS, env: { DROP_DATASETS: 'dns_logs' } })).lines).toEqual([])
    const raw = await run(['map', '--profile', 'raw'], { input: DNS })
    expect(raw.lines[0]).toMatchObject({ message: DNS, event: { dataset: 'cloudflare_logpush.dns' } })
  })

  it('takes the named dataset', async () => {
    const { lines } = await run(['map', '--dataset', 'dns_firewall_logs'], { input: DNS })
    expect(lines[0].event.dataset).toBe('dns_firewall_logs')
  })

  it('ends quietly when the reader goes away', async () => {
    const file = join(dir, 'many.ndjson')
    writeFileSync(file, `${DNS}\n`.repeat(20_000))
    const child = spawn('sh', ['-c', `"${process.execPath}" "${main}" map "${file}" | head -n 1`])
    let stderr = ''
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    await once(child, 'close')
    expect(stderr).not.toContain('Error')
  })

  it('tells wrong use (2) from failed work (1)', async () => {
    writeFileSync(join(dir, 'torn.gz'), readFileSync(sample).subarray(0, 500))
    expect(await run(['map', join(dir, 'torn.gz')])).toMatchObject({ code: 1 })
    expect(await run(['map', '--dataset', 'dns'])).toMatchObject({ code: 2, lines: [] })
    expect(await run(['map', '--profile', 'other'])).toMatchObject({ code: 2 })
    expect(await run(['map'], { env: { ADDITIONS: 'maybe' } })).toMatchObject({ code: 2 })
  })
})

describe('the command detect', () => {
  it('tells the dataset of each line and how sure it is', async () => {
    const { lines, stderr } = await run(['detect'], { input: `${DNS}\n{"Foo":1,"Bar":2}\nnonsense\n` })
    expect(lines).toEqual([
      { line: 1, dataset: 'dns_logs', known: 1 },
      { line: 2, dataset: 'unknown', known: 0 },
      { line: 3, dataset: 'unknown', error: 'not_json' },
    ])
    expect(stderr).toContain('3 lines')
  })
})
