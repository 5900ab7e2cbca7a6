import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { environment, MAIN, type Place } from '../torture/service.ts'

/** What the command line did. */
export interface Work {
  commands: number
  killed: number
  redrivenRows: number
  replayedBatches: number
  readonly violations: Set<string>
}

const LEAST_PAUSE_MS = 4_000
const MOST_PAUSE_MS = 12_000
const REPLAYS = 0.3
const KILLS = 0.15
const MOST_COMMAND_MS = 60_000
const WORKED = new Set([0, 1])

/** Has dead letters redriven and kept batches replayed, now and then, whether the service runs or not; some commands are killed. */
export async function operate(place: Pick<Place, 'dataDir' | 'env'>, random: () => number, ended: () => boolean) {
  const work: Work = { commands: 0, killed: 0, redrivenRows: 0, replayedBatches: 0, violations: new Set() }
  const run = async () => {
    while (!ended()) {
      await sleep(LEAST_PAUSE_MS + random() * (MOST_PAUSE_MS - LEAST_PAUSE_MS))
      // To a sink that knows ids: elsewhere a replay is meant to repeat.
      const words = random() < REPLAYS ? ['replay', '--sink', 'elasticsearch'] : ['dead-letters', 'redrive']
      await command(place, words, random() < KILLS ? 200 + random() * 1500 : undefined, work)
    }
  }
  return { work, done: run() }
}

async function command(
  place: Pick<Place, 'dataDir' | 'env'>,
  words: readonly string[],
  killAfterMs: number | undefined,
  work: Work,
): Promise<void> {
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: place.dataDir,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(place),
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs ?? MOST_COMMAND_MS)
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  clearTimeout(timer)
  work.commands += 1
  if (child.signalCode !== null) {
    if (killAfterMs === undefined) work.violations.add(`The command ${words.join(' ')} hung.`)
    work.killed += 1
    return
  }
  if (!WORKED.has(child.exitCode!)) {
    work.violations.add(`The command ${words.join(' ')} ended with ${child.exitCode}: ${errors.slice(-300)}`)
  }
  for (const line of out.split('\n').filter(Boolean)) {
    const outcome = JSON.parse(line) as { command: string; rows?: number; batches?: number }
    if (outcome.command === 'redrive') work.redrivenRows += outcome.rows ?? 0
    if (outcome.command === 'replay') work.replayedBatches += outcome.batches ?? 0
  }
}
