import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { post } from './load.ts'
import { type Service, SHORT_LIVED_FILES, startService } from './service.ts'

export type Settings = Readonly<Record<string, string>>

/** Every batch is stored, though the same come again. */
const ALWAYS: Settings = { DUPLICATE_WINDOW_SECONDS: '0', SPOOL_MIN_FREE_BYTES: '0', ...SHORT_LIVED_FILES }

/** Batches that wait in the spool when the service starts. */
export interface Waiting {
  readonly bodies: readonly Uint8Array[]
  readonly batches: number
}

/** One life of the service in a folder of its own; afterwards it is killed and the folder removed. */
export async function withService<T>(
  settings: Settings,
  use: (service: Service) => Promise<T>,
  waiting?: Waiting,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-'))
  try {
    if (waiting !== undefined && waiting.batches > 0) await fill(dataDir, waiting)
    const service = await startService({ ...ALWAYS, DATA_DIR: dataDir, ...settings })
    try {
      return await use(service)
    } finally {
      await service.kill()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** A life in which the sink takes nothing. What it stored waits for whichever sink the next life has. */
async function fill(dataDir: string, { bodies, batches }: Waiting): Promise<void> {
  const service = await startService({ ...ALWAYS, DATA_DIR: dataDir, SINKS: 'stdout' })
  try {
    const { refused } = await post({ url: service.url, key: service.key, bodies, batches, connections: 16 })
    if (refused > 0) throw new Error(`${refused} batches were refused while the spool was filled.`)
  } finally {
    await service.kill()
  }
}
