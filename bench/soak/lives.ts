import { renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Life, NotStarted, type Place, startService } from '../torture/service.ts'

/** How the service was ended, and how often. */
export interface Endings {
  kills: number
  terms: number
  /** A new process was started while the old one still held the folder, then the old one was told to stop. */
  rolls: number
  /** Starts that were refused as another process held the folder. */
  refusedStarts: number
  /** Times in which the file sink could not open its folder. */
  fileOutages: number
}

/** The service, one process after the other on the same folder. */
export interface Lives {
  readonly endings: Endings
  readonly violations: Set<string>
  /** Counts the lives; the first is 1. */
  readonly number: number
  /** The process that takes batches; undefined between two. */
  readonly current: Life | undefined
  /** Lets processes live and die until `ended`, and then has one running. */
  run(ended: () => boolean): Promise<void>
  /** The last one, by SIGTERM. */
  stop(): Promise<void>
  kill(): Promise<void>
}

const LEAST_LIFE_MS = 1_500
const MOST_LIFE_MS = 14_000
const KILLS = 0.5
const TERMS = 0.75
const MOST_GAP_MS = 1_500
const FILE_OUTAGES = 0.2
const LEAST_OUTAGE_MS = 3_000
const MOST_OUTAGE_MS = 10_000
const HELD_MS = 30_000
const IN_USE = /is in use by another/

export function createLives(place: Place, random: () => number): Lives {
  const endings: Endings = { kills: 0, terms: 0, rolls: 0, refusedStarts: 0, fileOutages: 0 }
  const violations = new Set<string>()
  let number = 0
  let current: Life | undefined
  let outage: { lift(): void } | undefined

  /** Until the folder is free, which it is not while the last process ends or a command works on it. */
  const start = async () => {
    for (const until = Date.now() + HELD_MS; ; await sleep(100)) {
      try {
        number += 1
        current = await startService(place)
        return
      } catch (error) {
        if (!isRefused(error) || Date.now() > until) throw error
        endings.refusedStarts += 1
      }
    }
  }

  const term = async (life: Life) => {
    const code = await life.stop()
    if (code !== 0) violations.add(`The service ended with ${code} on SIGTERM.`)
  }

  const roll = async (life: Life) => {
    await startService(place).then(
      async second => {
        violations.add('Two processes had the folder.')
        await second.kill()
      },
      error => {
        if (!isRefused(error)) throw error
        endings.refusedStarts += 1
      },
    )
    current = undefined
    const stopped = term(life)
    await start()
    await stopped
    endings.rolls += 1
  }

  const endLife = async (life: Life) => {
    const ending = random()
    if (ending >= TERMS) return roll(life)
    current = undefined
    if (ending < KILLS) {
      await life.kill()
      endings.kills += 1
    } else {
      await term(life)
      endings.terms += 1
    }
    await sleep(random() * MOST_GAP_MS)
    if (outage === undefined && random() < FILE_OUTAGES) outage = block(place.dataDir)
    if (outage !== undefined) endings.fileOutages += 1
    await start()
  }

  return {
    endings,
    violations,
    get number() {
      return number
    },
    get current() {
      return current
    },
    async run(ended) {
      await start()
      while (!ended()) {
        const until = Date.now() + LEAST_LIFE_MS + random() * (MOST_LIFE_MS - LEAST_LIFE_MS)
        while (!ended() && Date.now() < until) await sleep(50)
        if (!current?.isRunning) throw new Error('The service ended by itself.')
        await endLife(current)
        if (outage !== undefined) {
          await sleep(LEAST_OUTAGE_MS + random() * (MOST_OUTAGE_MS - LEAST_OUTAGE_MS))
          outage.lift()
          outage = undefined
        }
      }
    },
    async stop() {
      const life = current!
      current = undefined
      await term(life)
    },
    async kill() {
      await current?.kill()
    },
  }
}

const isRefused = (error: unknown): boolean => error instanceof NotStarted && IN_USE.test(error.lastLine)

/** A file in the place of the folder of events. Only while the service is down: its open files would go with the folder. */
function block(dataDir: string): { lift(): void } {
  const [events, aside] = [join(dataDir, 'events'), join(dataDir, 'events-aside')]
  renameSync(events, aside)
  writeFileSync(events, '')
  return {
    lift() {
      unlinkSync(events)
      // At once: the sink makes the folder when it finds none, and an empty one is replaced.
      renameSync(aside, events)
    },
  }
}
