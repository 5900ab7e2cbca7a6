import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from '../../src/cli/serve.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serve-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** What stops the start. The settings are wrong on purpose, so that nothing is ever opened. */
async function problems(env: Record<string, string>): Promise<string> {
  const error = await serve({ DATA_DIR: folder, PORT: '0', ADMIN_PORT: '0', ...env }, '1').catch(
    (reason: unknown) => reason as Error,
  )
  return error?.message ?? 'it started'
}

test('networks, tokens and their files are looked at before the start, all at once', async () => {
  const empty = join(folder, 'empty')
  await writeFile(empty, '# nothing\n')
  const found = await problems({
    ADMIN_TOKEN: 'secret-but-shrt',
    ALLOWED_NETWORKS: '192.0.2.0/24,cloudflare',
    INTAKE_KEYS: 'a key with blanks',
  })
  expect(found.split('\n')).toEqual([
    expect.stringMatching(/^INTAKE_KEYS gives no usable keys: entry 1/),
    'ADMIN_TOKEN gives no usable keys: entry 1 is no key of 16 to 1024 printable ASCII characters without blanks.',
    'ALLOWED_NETWORKS gives no usable networks: entry 2 is no network.',
  ])
  expect(found).not.toContain('secret-but-shrt')
  expect(await problems({ ALLOWED_NETWORKS_FILE: empty })).toContain('there is no network in it')
  expect(await problems({ TRUSTED_PROXIES: '10.0.0.0/64' })).toContain('TRUSTED_PROXIES gives no usable networks')
  expect(await problems({ ADMIN_TOKEN_FILE: join(folder, 'missing') })).toContain('ENOENT')
})

test('a file that is given by mistake is not quoted', async () => {
  const secret = join(folder, 'secret')
  await writeFile(secret, 'p4ssw0rd of another\n')
  for (const name of ['INTAKE_KEYS_FILE', 'ADMIN_TOKEN_FILE']) {
    expect(await problems({ [name]: secret })).not.toContain('p4ssw0rd')
  }
  for (const name of ['ALLOWED_NETWORKS_FILE', 'TLS_CLIENT_CA_FILE']) {
    const found = await problems({ [name]: secret })
    expect(found).not.toBe('it started')
    expect(found).not.toContain('p4ssw0rd')
  }
})
