import { createFileSink, type FileSinkOptions } from '../../src/sinks/file.ts'
import { createDiskSpool, type DiskSpoolOptions } from '../../src/spool/disk.ts'
import type { Order } from './crash.ts'
import { createDisk, type SimulatedDisk } from './disk.ts'
import { createRandom } from './random.ts'
import { createTime } from './time.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }

/** A simulated disk and what runs on it, for tests of one defect each. A spool or sink that is made after a crash finds what that left. */
export function createMachine(seed = 1, order: Order = 'ordered') {
  const time = createTime(Date.UTC(2026, 10, 24))
  const disk: SimulatedDisk = createDisk(createRandom(seed), order, time)
  const shared = { timing: time, now: time.now, log }
  return {
    disk,
    time,
    spool: (options: Partial<DiskSpoolOptions> = {}) =>
      createDiskSpool({
        ...shared,
        files: options.files ?? disk.start(),
        dir: '/data/spool',
        sinks: ['one'],
        maxBytes: 1e9,
        minFreeBytes: 0,
        duplicateWindowMs: 1e12,
        onStored() {},
        lock: async () => ({ release: async () => {} }),
        ...options,
      }),
    sink: (options: Partial<FileSinkOptions> = {}) =>
      createFileSink({
        ...shared,
        files: disk.start(),
        dir: '/data/events',
        stateDir: '/data/state',
        maxBytes: 10_000,
        maxAgeMs: 0,
        gzip: false,
        retentionMs: 0,
        ...options,
      }),
    /** What all files of this ending hold together. */
    text: (ending: string) =>
      [...disk.tree()].flatMap(([path, content]) => (path.endsWith(ending) ? content.toString() : [])).join(''),
  }
}
