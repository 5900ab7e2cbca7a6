import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Service, startService } from '../../bench/service.ts'

const FIXTURE = join(import.meta.dirname, '../fixtures/spool-v1-journal-2/folder')
const JOURNAL = 'file-sink/file-sink.journal'
const SOON = { timeout: 15_000, interval: 50 }

let dir: string
let service: Service | undefined

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'journal-2-'))
  await cp(FIXTURE, dir, { recursive: true })
})
afterEach(async () => {
  await service?.stop()
  await rm(dir, { recursive: true })
})

const textOf = async (dataset: string): Promise<string> => {
  const folder = join(dir, 'events', dataset)
  const files = await Promise.all((await readdir(folder)).sort().map(name => readFile(join(folder, name), 'utf8')))
  return files.join('')
}

/** The first label of each event's host, in the order of the files. */
const namesOf = async (dataset: string): Promise<string[]> =>
  (await textOf(dataset))
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const { dns, url } = JSON.parse(line)
      return (dns?.question?.name ?? url.domain).split('.')[0]
    })

/** Opens the folder with the file sink alone, and waits until it has all. */
async function deliverToFile(): Promise<void> {
  service = await startService({ DATA_DIR: dir, SINKS: 'file', SPOOL_MIN_FREE_BYTES: '0', WORKERS: '1' })
  await vi.waitFor(async () => expect(await readdir(join(dir, 'spool/v1/batches'))).toEqual([]), SOON)
}

test('a journal of version 2 tells what is in the files: the rest is added, a torn line is mended, and nothing is twice', async () => {
  const [dns, http] = [await textOf('dns_logs'), await textOf('http_requests')]
  await deliverToFile()
  expect(await namesOf('dns_logs')).toEqual('a-0 a-1 a-2 b-0 b-1 b-2 b-3 c-0 c-2 c-3 c-5 c-6 d-0 d-1 d-2'.split(' '))
  expect((await textOf('dns_logs')).startsWith(dns.slice(0, dns.lastIndexOf('\n') + 1))).toBe(true)
  expect(await textOf('http_requests')).toBe(http)
  expect(service!.log()).not.toContain('journal')
  expect(await readFile(join(dir, JOURNAL), 'utf8')).toMatch(/^\{"version":2,"crc":\d+\}\n/)
})

test('a record of it whose checksum is wrong is not believed: its events come again, and a warning says so', async () => {
  const journal = await readFile(join(dir, JOURNAL), 'utf8')
  // As if the batch had come less far than it had.
  const other = journal.replace('"offset":2631,"first":0,"crc":2904839907', '"offset":2631,"first":1,"crc":2904839907')
  expect(other).not.toBe(journal)
  await writeFile(join(dir, JOURNAL), other)
  await deliverToFile()
  expect(await namesOf('http_requests')).toEqual(['c-1', 'c-4'])
  expect((await namesOf('dns_logs')).filter(name => name.startsWith('d')).sort()).toEqual(
    'd-0 d-0 d-1 d-1 d-2'.split(' '),
  )
  expect(service!.log()).toContain('The journal of the file sink is damaged')
})
