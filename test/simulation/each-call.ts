import type { Fault } from './disk.ts'
import { createWorld, type World } from './world.ts'

/** What a call can answer: as the table of a manual page has it, and a success that is none. */
export const FAULTS: readonly Fault[] = [
  { code: 'EIO' },
  { code: 'ENOSPC' },
  { code: 'EMFILE' },
  { code: 'EACCES' },
  { code: 'EIO', late: true },
  'short',
]

/** Everything that the spool and the file sink do with the disk, once. */
async function story(world: World): Promise<void> {
  const deliver = async (count: number) => {
    for (const sink of ['file', 'other'])
      for (let index = 0; index < count; index++) await world.perform(async () => void (await world.take(sink, 'ack')))
  }
  const acceptSome = () =>
    world.perform(async () => {
      await Promise.all([1, 2, 3].map(() => world.accept(world.newContent())))
    })
  await acceptSome()
  await deliver(2)
  await world.perform(async () => void (await world.take('file', 'aside')))
  await world.perform(() => world.time.pass(61_000))
  await world.replay()
  await acceptSome()
  await deliver(2)
  await world.close()
  await acceptSome()
}

/** How many calls of the file system the story makes when nothing fails. */
export async function callsOfStory(): Promise<number> {
  const world = createWorld({ seed: 1, order: 'ordered' })
  await world.start('close')
  await story(world)
  return world.disk.calls
}

/**
 * The story with one fault: at the call of this number, or from there on until the disk is mended some seconds later. What the model
 * does not allow is thrown; then the disk is well, and within 5 s all is as it was.
 */
export async function failAtCall(
  at: number,
  fault: Fault,
  lastsMs: number,
  trace?: (text: string) => void,
): Promise<void> {
  const world = createWorld({ seed: at, order: at % 2 === 0 ? 'ordered' : 'hostile', ...(trace && { trace }) })
  let until = Number.POSITIVE_INFINITY
  world.fault(({ index }) => {
    if (index === at) until = world.time.elapsed() + lastsMs
    return index >= at && (index === at || world.time.elapsed() < until) ? fault : undefined
  })
  try {
    await world.start('close')
    await story(world)
    await world.drain()
    await world.crash('power')
    await world.drain()
  } catch (error) {
    throw new Error(`${JSON.stringify(fault)} at call ${at} for ${lastsMs} ms`, { cause: error })
  }
}
