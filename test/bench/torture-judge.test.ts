import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Attempts, noteAttempt } from '../../bench/torture/attempts.ts'
import { judge } from '../../bench/torture/judge.ts'

const line = (id: string, number: number) => `{"@timestamp":"2026-11-24T21:55:37Z","name":"t-${id}-${number}-"}\n`

describe('the judge of the torture', () => {
  let dir: string
  let attempts: Attempts
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'judge-'))
    mkdirSync(join(dir, 'dns_logs'))
    attempts = new Map()
    for (const id of ['0-0-0', '0-1-0']) Object.assign(noteAttempt(attempts, id, 2), { sends: 1, acknowledged: true })
    Object.assign(noteAttempt(attempts, '1-0-0', 2), { sends: 2, acknowledged: true })
    Object.assign(noteAttempt(attempts, '0-2-0', 2), { sends: 1 })
    documents([1, 1], '0-0-0', '0-1-0', '1-0-0')
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const whole = (...ids: string[]) => ids.map(id => line(id, 0) + line(id, 1)).join('')
  const write = (content: string, name = '20261124T215537Z-000001.ndjson') =>
    writeFileSync(join(dir, 'dns_logs', name), name.endsWith('.gz') ? gzipSync(content) : content)
  const documents = (counts: readonly number[], ...ids: string[]) => {
    for (const id of ids) attempts.get(id)!.documents.set(counts)
  }
  const good = { missing: 0, twice: 0, missingDocuments: 0, twiceDocuments: 0, partial: 0, torn: 0, unknown: 0 }

  it('finds nothing wrong where each acknowledged line is there once, in plain and compressed files', async () => {
    write(whole('0-0-0', '1-0-0'))
    write(whole('0-1-0'), '20261124T215537Z-000000.ndjson.gz')
    expect(await judge(dir, attempts)).toMatchObject({
      ...good,
      acknowledgedBatches: 3,
      acknowledgedLines: 6,
      files: 2,
    })
  })

  it('counts acknowledged lines that are missing, and the batch as there in part', async () => {
    write(whole('0-0-0', '1-0-0') + line('0-1-0', 1))
    expect(await judge(dir, attempts)).toMatchObject({ ...good, missing: 1, partial: 1 })
  })

  it('counts lines that are there twice although their body was sent once', async () => {
    write(whole('0-0-0', '0-1-0', '1-0-0', '0-1-0'))
    expect(await judge(dir, attempts)).toMatchObject({ ...good, twice: 2 })
  })

  it('tells apart what was sent again after it was delivered, and what was stored without an answer', async () => {
    write(whole('0-0-0', '0-1-0', '1-0-0', '1-0-0', '0-2-0'))
    expect(await judge(dir, attempts)).toMatchObject({ ...good, resentAfterDelivered: 1, storedUnanswered: 1 })
  })

  it('counts a body that is there more often than it was sent', async () => {
    write(whole('0-0-0', '0-1-0', '1-0-0', '1-0-0', '1-0-0'))
    expect(await judge(dir, attempts)).toMatchObject({ ...good, twice: 2 })
  })

  it('counts acknowledged lines that no document holds, and lines that two documents hold', async () => {
    write(whole('0-0-0', '0-1-0', '1-0-0'))
    documents([0, 2], '0-1-0', '1-0-0', '0-2-0')
    expect(await judge(dir, attempts)).toMatchObject({ ...good, missingDocuments: 2, twiceDocuments: 3 })
  })

  it('counts torn lines, lines of nobody and files that should not be there', async () => {
    write(`${whole('0-0-0', '0-1-0', '1-0-0')}${line('9-9-9', 0)}${line('0-0-0', 7)}${line('0-2-0', 0).slice(0, -3)}`)
    write('', 'half.ndjson.part')
    expect(await judge(dir, attempts)).toMatchObject({ ...good, torn: 2, unknown: 3, partial: 1 })
  })
})
