import { join } from 'node:path'
import type { Config } from './config.ts'
import type { DiskSpoolOptions } from './spool/disk.ts'

/** What lies in DATA_DIR, as the settings want it: the same for the service and for commands that work on it while it is stopped. */

export function spoolSettings(config: Config): Omit<DiskSpoolOptions, 'onStored' | 'log'> {
  return {
    dir: join(config.dataDir, 'spool'),
    lockDir: config.dataDir,
    sinks: config.sinks,
    maxBytes: config.spoolMaxBytes,
    minFreeBytes: config.spoolMinFreeBytes,
    duplicateWindowMs: config.duplicateWindowSeconds * 1000,
    keepBytes: config.spoolKeepBytes,
    keepMs: config.spoolKeepSeconds * 1000,
  }
}

export const deadLettersFolder = ({ dataDir }: Pick<Config, 'dataDir'>): string => join(dataDir, 'dead-letters')
