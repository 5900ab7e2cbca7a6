import { UnavailableError, type UnavailableReason } from '../errors.ts'
import { type Files, realFiles } from '../lib/files.ts'
import { createSerial } from '../lib/serial.ts'
import { realTiming, type Timing } from '../lib/timing.ts'
import { unavailable } from './disk-error.ts'
import type { Log } from './log.ts'

/**
 * Whether a batch can be taken now: the byte limit, the free space that is left, what the disk answered last, and whether the spool closes.
 *
 * - Bytes stored and being received count against the limit. When they reach it, or a body that comes in would pass it and they
 *   are above the low-water mark, nothing is taken until they are below that mark. Free space has such a mark as well.
 * - Free space is asked for at most once a second; in between what is written is subtracted from the last answer.
 * - Where space is short kept batches go first (`makeRoom`), and only then is anything refused.
 * - After a failed file operation the disk has to prove itself (`probe`) before anything is taken. Each draft tries, and so does a timer
 *   once a second; the timer runs only while the disk is the reason for refusing.
 */
export interface Admission {
  readonly storedBytes: number
  refusal(): UnavailableReason | undefined
  /** Throws UnavailableError when nothing can be taken. */
  admit(): Promise<void>
  /** For the next bytes of a batch being received. Throws UnavailableError when they do not fit. */
  take(bytes: number): Promise<void>
  /**
   * For a batch that is stored once more. Throws UnavailableError when it would pass the low-water mark: the rest is for what comes in.
   */
  reserve(bytes: number): void
  /** Received bytes are given up, or become stored ones. */
  giveUp(bytes: number): void
  store(bytes: number): void
  recover(bytes: number): void
  remove(bytes: number): void
  /** A file operation failed: answers with what the sender gets. */
  failed(error: unknown): UnavailableError
  /** Looks at the disk now. Never rejects. */
  check(): Promise<void>
  stop(): void
  /** Ends the timer. */
  close(): void
}

export interface AdmissionOptions {
  readonly maxBytes: number
  readonly minFreeBytes: number
  /** A folder on the spool's disk. */
  readonly folder: string
  /** Resolves when the disk can be written. */
  probe(): Promise<void>
  /** Removes what is not needed, of about so many bytes; false: there is nothing left. */
  makeRoom(bytes: number): Promise<boolean>
  readonly log: Log
  readonly files?: Files
  readonly timing?: Timing
}

const LOW_WATER = 0.9
const FREE_AGAIN = 1.1
const CHECK_MS = 1000
/** Removed at a time where the disk is full without saying how much is free, as by a quota. */
const ROOM_BYTES = 16 * 1024 * 1024
const REPEAT_LOG_MS = 60_000

export function createAdmission(options: AdmissionOptions): Admission {
  const { maxBytes, minFreeBytes, folder, probe, makeRoom, log, files = realFiles, timing = realTiming } = options
  let stored = 0
  let receiving = 0
  let isFull = false
  let freeBytes = Number.POSITIVE_INFINITY
  let isLow = false
  let trouble: UnavailableError | undefined
  let stopping = false
  let checkedAt = Number.NEGATIVE_INFINITY
  let checking: Promise<void> | undefined
  let stopTimer: (() => void) | undefined
  const report = createReport(log, timing)
  const inTurn = createSerial()

  const refusal = (): UnavailableReason | undefined => {
    if (stopping) return 'shutting down'
    if (trouble !== undefined) return trouble.reason
    if (isFull) return 'spool full'
    return isLow ? 'disk full' : undefined
  }

  const settle = () => {
    const used = stored + receiving
    isFull = isFull ? used >= maxBytes * LOW_WATER : used >= maxBytes
    isLow = isLow ? freeBytes < minFreeBytes * FREE_AGAIN : freeBytes < minFreeBytes
    if (!stopping) report(refusal(), trouble?.cause)
    if ((trouble !== undefined || isLow) && !stopping) {
      stopTimer ??= timing.every(CHECK_MS, () => void check())
    } else {
      stopTimer?.()
      stopTimer = undefined
    }
  }

  /** What does not fit closes the spool, so that others need not upload in vain; not one that is far from its limit, as settle sees to. */
  const tooMuch = (reason: UnavailableReason) => {
    settle()
    return new UnavailableError(reason)
  }

  const askFree = async () => {
    const { bavail, bsize } = await files.statfs(folder)
    freeBytes = bavail * bsize
  }

  const isShort = (bytes: number) => freeBytes - bytes < (isLow ? minFreeBytes * FREE_AGAIN : minFreeBytes)

  /**
   * Makes room for so many bytes above the floor. Ends where removing shows no effect, as a file system may free space later and a
   * file may have another name; the next check goes on.
   */
  const relieve = (bytes: number) =>
    inTurn(async () => {
      const goal = minFreeBytes * FREE_AGAIN + bytes
      for (let before = Number.NEGATIVE_INFINITY; isShort(bytes) && freeBytes > before; ) {
        before = freeBytes
        if (!(await makeRoom(goal - freeBytes))) return
        await askFree()
      }
    })

  const prove = async () => {
    try {
      await probe()
    } catch (error) {
      if (unavailable(error).reason !== 'disk full' || !(await makeRoom(ROOM_BYTES))) throw error
      await probe()
    }
  }

  const measure = async () => {
    try {
      if (trouble !== undefined) await prove()
      await askFree()
      await relieve(0)
      trouble = undefined
    } catch (error) {
      trouble = unavailable(error)
    }
    checkedAt = timing.elapsed()
    settle()
  }

  const check = () => {
    checking ??= measure().finally(() => {
      checking = undefined
    })
    return checking
  }

  const isStale = () => timing.elapsed() - checkedAt >= CHECK_MS

  return {
    get storedBytes() {
      return stored
    },
    refusal,
    async admit() {
      if (!stopping && (trouble !== undefined || isStale())) await check()
      const reason = refusal()
      if (reason !== undefined) throw new UnavailableError(reason, trouble && { cause: trouble.cause })
    },
    async take(bytes) {
      if (stored + receiving + bytes > maxBytes) {
        isFull = true
        throw tooMuch('spool full')
      }
      if (freeBytes - bytes < minFreeBytes && isStale()) await check()
      // An error is told by the next check, which asks the same.
      if (freeBytes - bytes < minFreeBytes) await relieve(bytes).catch(() => {})
      if (freeBytes - bytes < minFreeBytes) {
        isLow = true
        throw tooMuch('disk full')
      }
      receiving += bytes
      freeBytes -= bytes
      settle()
    },
    reserve(bytes) {
      if (stored + receiving + bytes > maxBytes * LOW_WATER) throw new UnavailableError('spool full')
      receiving += bytes
    },
    giveUp(bytes) {
      receiving -= bytes
      settle()
    },
    store(bytes) {
      receiving -= bytes
      stored += bytes
    },
    recover(bytes) {
      stored += bytes
      settle()
    },
    remove(bytes) {
      stored -= bytes
      settle()
    },
    failed(error) {
      trouble = unavailable(error)
      settle()
      return trouble
    },
    check,
    stop() {
      stopping = true
      settle()
    },
    close: () => stopTimer?.(),
  }
}

/** Tells each change once; a reason that comes and goes is told at most once a minute. */
function createReport(log: Log, timing: Timing): (reason: UnavailableReason | undefined, cause: unknown) => void {
  let told: UnavailableReason | undefined
  const toldAt = new Map<UnavailableReason, number>()
  return (reason, cause) => {
    if (reason === told) return
    if (reason === undefined) {
      told = undefined
      log.info({}, 'The spool takes batches again.')
      return
    }
    const last = toldAt.get(reason)
    if (last !== undefined && timing.elapsed() - last < REPEAT_LOG_MS) return
    told = reason
    toldAt.set(reason, timing.elapsed())
    if (reason === 'spool full') log.warn({}, 'The spool takes no batch now: it has reached its byte limit.')
    else log.error({ err: cause }, `The spool takes no batch now: ${reason}.`)
  }
}
