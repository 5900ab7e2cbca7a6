import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const root = join(import.meta.dirname, '../..')
const sh = (command: string) => promisify(execFile)('sh', ['-c', command], { cwd: root })

describe('npm start, as a new user runs it', () => {
  let dataDir: string
  let child: ChildProcess
  let shown = ''

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'start-'))
    child = spawn('npm', ['start'], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir, PORT: '0', ADMIN_PORT: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
    })
    await vi.waitFor(() => expect(shown).toContain('takes batches'), { timeout: 30_000, interval: 100 })
  })
  afterAll(async () => {
    if (child.exitCode === null) child.kill('SIGKILL')
    await rm(dataDir, { recursive: true, force: true })
  })

  const curlLine = () => shown.split('\n').find(line => line.trim().startsWith('curl ')) ?? ''

  it('prints a curl line that works when pasted, and the events are the published ones', async () => {
    const { stdout } = await sh(curlLine())
    expect(JSON.parse(stdout).event_ids).toHaveLength(5)
    const events = () =>
      globSync(join(dataDir, 'events/audit_logs/*.ndjson')).flatMap(file =>
        readFileSync(file, 'utf8').trimEnd().split('\n'),
      )
    await expect.poll(() => events().length, { timeout: 10_000 }).toBe(5)
    const published = readFileSync(join(root, 'test/golden/published.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { dataset: string; expected: object })
      .filter(({ dataset }) => dataset === 'audit_logs')
    expect(events().map(event => JSON.parse(event))).toEqual(published.map(({ expected }) => expected))
  })

  it('recognises the same line pasted again as a repeat', async () => {
    const { stdout } = await sh(`${curlLine()} -i`)
    expect(stdout.toLowerCase()).toContain('intake-duplicate: true')
    expect(
      globSync(join(dataDir, 'events/audit_logs/*.ndjson')).map(file => readFileSync(file, 'utf8').split('\n').length),
    ).toEqual([6])
  })

  it('keeps the key from others and out of what it prints', async () => {
    const file = join(dataDir, 'intake-keys')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(shown).not.toContain(readFileSync(file, 'utf8').trim())
  })

  it('stops with exit code 0 when npm is told to, and nothing listens any more', async () => {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = await exited
    expect(code).toBe(0)
    const url = /listens on (\S+),/.exec(shown)?.[1] as string
    await expect(fetch(`${url}/livez`)).rejects.toThrow()
  })
})
