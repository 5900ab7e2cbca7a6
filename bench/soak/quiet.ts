import { setTimeout as sleep } from 'node:timers/promises'
import { type Load, post } from '../load.ts'
import { batchOf, httpRequestLines } from '../records.ts'
import { startService } from '../service.ts'

const LINES = 1_000
const CONNECTIONS = 4
const SAMPLES = 20

/** Half of the load that the machine bears, for so long; false where heap or file descriptors do not stay flat. */
export async function soakQuietly(seconds: number): Promise<boolean> {
  // Events are deleted as they age, so that the disk stays free.
  const service = await startService({
    DUPLICATE_WINDOW_SECONDS: '0',
    FILE_MAX_AGE_SECONDS: '5',
    FILE_MAX_BYTES: `${256 * 1024 ** 2}`,
    FILE_RETENTION_SECONDS: '10',
  })
  const bodies = Array.from({ length: 8 }, (_, i) => batchOf(httpRequestLines(LINES, { seed: i + 1 })))
  const load = { url: service.url, key: service.key, bodies, connections: CONNECTIONS }
  const delivered = () => service.metric('intake_events_total', { outcome: 'delivered' })

  await post({ ...load, batches: 50 })
  const warm = await delivered()
  const began = performance.now()
  await post({ ...load, batches: 150 })
  while ((await service.metric('intake_pending_lines')) > 0) await sleep(50)
  const most = ((await delivered()) - warm) / ((performance.now() - began) / 1000)
  const batchesPerSecond = Math.max(1, Math.floor(most / 2 / LINES))
  process.stdout.write(
    `full load ${Math.round(most)} records/s delivered; half load is ${batchesPerSecond} batches/s for ${seconds} s\n`,
  )
  process.stdout.write('    s   heap MiB    rss MiB   fds   pending lines   p99 ms\n')

  const rows: { heap: number; fds: number }[] = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    const p99 = await paced(load, batchesPerSecond, seconds / SAMPLES)
    const [heap, rss, fds, pending] = [
      (await service.metric('process_heap_bytes')) / 1024 ** 2,
      (await service.metric('process_resident_memory_bytes')) / 1024 ** 2,
      await service.metric('process_open_fds'),
      await service.metric('intake_pending_lines'),
    ]
    rows.push({ heap, fds })
    const at = Math.round(((sample + 1) * seconds) / SAMPLES)
    process.stdout.write(
      `${`${at}`.padStart(5)}   ${heap.toFixed(1).padStart(8)}   ${rss.toFixed(0).padStart(8)}   ${`${fds}`.padStart(3)}   ${`${pending}`.padStart(13)}   ${p99.toFixed(0).padStart(6)}\n`,
    )
  }
  process.stdout.write(`peak memory ${service.peakMiB().toFixed(0)} MiB\n`)
  await service.stop()

  const half = (pick: (row: { heap: number; fds: number }) => number, from: number) =>
    Math.min(...rows.slice(from, from + SAMPLES / 2).map(pick))
  const heapGrowth = half(row => row.heap, SAMPLES / 2) / half(row => row.heap, 0)
  const fdGrowth = half(row => row.fds, SAMPLES / 2) - half(row => row.fds, 0)
  process.stdout.write(
    `least heap of the second half by that of the first: ${heapGrowth.toFixed(2)}; file descriptors: ${fdGrowth >= 0 ? '+' : ''}${fdGrowth}\n`,
  )
  return heapGrowth <= 1.25 && fdGrowth <= 5
}

/** Posts at the pace of half load for so long; the slowest hundredth of the answers, in milliseconds. */
async function paced(load: Omit<Load, 'batches'>, batchesPerSecond: number, forSeconds: number): Promise<number> {
  const until = performance.now() + forSeconds * 1000
  let p99 = 0
  while (performance.now() < until) {
    const started = performance.now()
    p99 = Math.max(p99, (await post({ ...load, batches: batchesPerSecond })).p99Ms)
    await sleep(Math.max(0, 1000 - (performance.now() - started)))
  }
  return p99
}
