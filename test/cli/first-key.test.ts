import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureKeysFile } from '../../src/cli/first-key.ts'
import { StartError } from '../../src/errors.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'first-key-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('the first intake key', () => {
  it('is made once, with mode 0600, and kept', async () => {
    const first = await ensureKeysFile(dir)
    expect(first.newKey).toMatch(/^[\w-]{43}$/)
    expect((await stat(first.file)).mode & 0o777).toBe(0o600)
    expect(await readFile(first.file, 'utf8')).toBe(`${first.newKey}\n`)
    expect(await ensureKeysFile(dir)).toEqual({ file: first.file, newKey: undefined })
  })

  it('is made again where a crash left an empty file', async () => {
    await writeFile(join(dir, 'intake-keys'), '')
    expect((await ensureKeysFile(dir)).newKey).toBeDefined()
  })

  it('never replaces keys that a person wrote', async () => {
    await writeFile(join(dir, 'intake-keys'), 'dns_logs:my-own\n')
    expect((await ensureKeysFile(dir)).newKey).toBeUndefined()
    expect(await readFile(join(dir, 'intake-keys'), 'utf8')).toBe('dns_logs:my-own\n')
  })

  it('fails the start with one sentence where it cannot be written', async () => {
    await expect(ensureKeysFile(join(dir, 'missing'))).rejects.toThrow(StartError)
  })
})
