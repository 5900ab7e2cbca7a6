import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDiskSpool } from '../../src/spool/disk.ts'
import { replayContract, spoolContract } from '../contract/spool.ts'
import { createMemorySpool, type MemorySpool } from '../helpers/memory-spool.ts'
import { createLog } from './kit.ts'

spoolContract('the local disk', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'spool-'))
  return {
    create: options => createDiskSpool({ ...options, dir: join(dataDir, 'spool'), minFreeBytes: 0, log: createLog() }),
    remove: () => rm(dataDir, { recursive: true, force: true }),
  }
})

replayContract('what tests of the intake write to', async () => ({
  create: createMemorySpool,
  deliver: spool => (spool as MemorySpool).deliver(),
  remove: async () => {},
}))
