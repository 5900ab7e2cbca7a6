import type { Files } from '../../src/lib/files.ts'
import { type AdmissionOptions, createAdmission } from '../../src/spool/admission.ts'
import { createTime } from '../simulation/time.ts'
import { createLog } from './kit.ts'

export const errorOf = (code: string) => Object.assign(new Error(`${code}: of the test`), { code })

/** Admission to a disk of which the test says how much is free and what fails, in time that passes when the test says so. */
export function createPlace(options: Partial<AdmissionOptions> = {}) {
  const time = createTime(Date.UTC(2026, 10, 24))
  const log = createLog()
  const place = { free: 10_000, asked: 0, probes: 0, wanted: [] as number[], failure: undefined as Error | undefined }
  const statfs = async () => {
    place.asked++
    if (place.failure !== undefined) throw place.failure
    return { bavail: place.free / 10, bsize: 10 }
  }
  const admission = createAdmission({
    maxBytes: 1_000_000,
    minFreeBytes: 1_000,
    folder: '/data',
    probe: async () => {
      place.probes++
      if (place.failure !== undefined) throw place.failure
    },
    makeRoom: async bytes => {
      place.wanted.push(bytes)
      return false
    },
    log,
    files: { statfs } as Partial<Files> as Files,
    timing: time,
    ...options,
  })
  return { admission, time, log, place }
}
