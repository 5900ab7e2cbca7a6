import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFileRig, type FileRig } from '../helpers/file-sink.ts'
import { DATASETS, eventsOfBatch } from '../helpers/file-sink-load.ts'

const child = join(import.meta.dirname, '../helpers/file-sink-child.ts')
const ROUNDS = 6

describe('the file sink under kill -9', () => {
  let rig: FileRig
  beforeEach(() => {
    rig = createFileRig()
  })
  afterEach(() => rig.cleanUp())

  /** Runs the writer for a moment; what it complained about. */
  async function runAndKill(options: object, afterMs: number): Promise<string> {
    const writer = spawn(process.execPath, [child, rig.root, JSON.stringify(options)])
    let complaints = ''
    writer.stderr.on('data', chunk => {
      complaints += chunk
    })
    const closed = once(writer, 'close')
    await Promise.race([once(writer.stdout, 'data'), closed])
    await sleep(afterMs)
    expect(writer.exitCode, complaints).toBeNull()
    writer.kill('SIGKILL')
    await closed
    return complaints
  }

  const contentOf = (path: string): Buffer => {
    const plain = join(rig.dir, path.replace(/\.gz$/, ''))
    return existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`))
  }

  /** The whole lines of each dataset's newest file: what a program that tails it has seen. */
  function seen(): Map<string, Buffer> {
    const newest = DATASETS.flatMap(dataset => rig.files().findLast(path => path.startsWith(dataset)) ?? [])
    return new Map(
      newest.map(path => {
        const content = contentOf(path)
        return [path.replace(/\.gz$/, ''), content.subarray(0, content.lastIndexOf('\n') + 1)]
      }),
    )
  }

  for (const gzip of [false, true]) {
    it(`holds each event once and in order, and takes no whole line back, ${gzip ? 'with' : 'without'} gzip`, async () => {
      const options = { gzip, maxBytes: 1_000_000, maxAgeMs: 0 }
      const delays = Array.from({ length: ROUNDS }, () => Math.round(2 + Math.random() * 120))
      for (const delay of delays) {
        const before = existsSync(rig.dir) ? seen() : new Map<string, Buffer>()
        expect(await runAndKill(options, delay)).toBe('')
        for (const [path, lines] of before) {
          expect(contentOf(path).subarray(0, lines.length).equals(lines), `${path} begins as before`).toBe(true)
        }
      }
      // One more open mends what the last kill left.
      const sink = rig.make(options)
      await sink.open(new AbortController().signal)
      await sink.close()

      const acknowledged = readFileSync(join(rig.root, 'acknowledged'), 'utf8').trimEnd().split('\n').length
      expect(acknowledged).toBeGreaterThan(ROUNDS)
      for (const dataset of DATASETS) {
        const lines = rig.lines(dataset)
        const expected: string[] = []
        let least = 0
        for (let batch = 0; expected.length < lines.length || batch < acknowledged; batch++) {
          expected.push(...eventsOfBatch(batch, dataset))
          if (batch < acknowledged) least = expected.length
        }
        expect(lines.length).toBeGreaterThanOrEqual(least)
        const wrong = lines.findIndex((line, index) => line !== expected[index])
        expect({
          wrong,
          line: lines[wrong]?.slice(0, 80),
          expected: expected[wrong]?.slice(0, 80),
          delays,
        }).toMatchObject({
          wrong: -1,
        })
      }
      expect(rig.files().filter(path => !/^[a-z_]+\/\d{8}T\d{6}Z-\d{6}\.ndjson(\.gz)?$/.test(path))).toEqual([])
    })
  }
})
