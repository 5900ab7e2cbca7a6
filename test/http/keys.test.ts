import crypto from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StartError } from '../../src/errors.ts'
import { createKeyring } from '../../src/http/keys.ts'

const DATASETS = ['http_requests', 'dns_logs']
let logged = ''
const log = pino(
  new Writable({
    write(chunk, _encoding, done) {
      logged += chunk
      done()
    },
  }),
)
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keys-'))
})
afterAll(() => rm(folder, { recursive: true }))

const of = (keys: string) => createKeyring({ keys, datasets: DATASETS, log })

test('keys stand between commas and line ends, with blank lines and comments between them', () => {
  const keyring = of('# made by hand, not a key\n a1 ,dns_logs:b2\r\n\n  # c3\nno_dataset:d4,\n')
  expect(keyring.find('a1')?.datasets).toEqual([])
  expect(keyring.find('b2')?.datasets).toEqual(['dns_logs'])
  expect(keyring.find('no_dataset:d4')?.datasets).toEqual([])
  for (const other of ['', 'a', 'a1 ', 'dns_logs:b2', 'd4', 'c3', '# c3', 'not a key']) {
    expect(keyring.find(other), other).toBeUndefined()
  }
})

test('several keys may be for one dataset, and one key for several or, beside that, for any', () => {
  const keyring = of('dns_logs:old,dns_logs:new,dns_logs:both,http_requests:both,dns_logs:any,any,any')
  expect(['old', 'new', 'both', 'any'].map(key => keyring.find(key)?.datasets)).toEqual([
    ['dns_logs'],
    ['dns_logs'],
    ['dns_logs', 'http_requests'],
    [],
  ])
})

test('a key that begins like an entry for a dataset that is none is taken whole, with a warning that does not hold it', () => {
  logged = ''
  const keyring = of('# x\nfine\nhtp_requests:abc,dns_logs:b:c,Other:d,ab:e\nyet_another:f')
  expect(keyring.find('htp_requests:abc')).toBeDefined()
  const warnings = logged
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(warnings).toMatchObject([{ level: 40, entries: [2, 6], datasets: DATASETS }])
  expect(logged).not.toMatch(/htp_requests|yet_another|abc/)

  logged = ''
  of('fine,dns_logs:b:c,Other:d,ab:e')
  expect(logged).toBe('')
})

test('the id of a key is 16 hex digits that do not depend on the other keys', () => {
  const id = of('x,key-one').find('key-one')?.id
  expect(id).toMatch(/^[0-9a-f]{16}$/)
  expect(of('dns_logs:key-one').find('key-one')?.id).toBe(id)
})

test.each(['', ' \n# only a comment\n', 'with blank', 'dns_logs:', 'ok,käse', 'x'.repeat(1025)])(
  '%j stops the start, and the message does not hold it',
  keys => {
    expect(() => of(keys)).toThrow(StartError)
    try {
      of(keys)
    } catch (error) {
      for (const secret of ['with blank', 'käse', 'xxx']) expect((error as Error).message).not.toContain(secret)
    }
  },
)

test('a file that is not there stops the start', () => {
  expect(() => createKeyring({ file: join(folder, 'none'), datasets: DATASETS, log })).toThrow(
    /none gives no usable keys/,
  )
})

test('the file is read again when it is written or replaced, and unusable content keeps the keys from before', async () => {
  const file = join(folder, 'intake-keys')
  await writeFile(file, 'first\n')
  const keyring = createKeyring({ file, datasets: DATASETS, log, pollMs: 5 })
  const replace = async (text: string) => {
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }
  try {
    await writeFile(file, 'second-key,third\n')
    await expect.poll(() => keyring.find('second-key')).toBeDefined()
    expect(keyring.find('first')).toBeUndefined()

    await replace('two words\n')
    await expect.poll(() => logged).toContain('the keys from before stay')
    expect(keyring.find('third')).toBeDefined()
    await replace('fifth\nhtp_requests:fifth\n')
    await expect.poll(() => logged).toMatch(/"level":40.*"entries":\[2\]/)
    await rm(file)
    await replace('fourth\n')
    await expect.poll(() => keyring.find('fourth')).toBeDefined()
    expect(logged).not.toMatch(/second-key|two words|fourth|fifth/)
  } finally {
    keyring.close()
  }
})

test('a key is compared with all keys to the end, whether it is the first, the last or none', () => {
  const keyring = of('first,second,third,dns_logs:fourth')
  const { timingSafeEqual } = crypto
  let compared = 0
  crypto.timingSafeEqual = (one, other) => {
    compared++
    return timingSafeEqual(one, other)
  }
  syncBuiltinESMExports()
  try {
    for (const [key, known] of [
      ['first', true],
      ['fourth', true],
      ['firsx', false],
      ['x'.repeat(10_000), false],
      ['', false],
    ] as const) {
      compared = 0
      expect([key, keyring.find(key) !== undefined, compared]).toEqual([key, known, 4])
    }
  } finally {
    crypto.timingSafeEqual = timingSafeEqual
    syncBuiltinESMExports()
  }
})
