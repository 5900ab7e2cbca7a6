import fc from 'fast-check'
import type { Call, Crash, Fault } from './disk.ts'
import type { World } from './world.ts'

/** What can happen, as commands of fast-check. The model is in the world; each command holds itself to it. */
type Command = fc.AsyncCommand<object, World>

const command = (name: string, run: (world: World) => Promise<unknown>): Command => ({
  check: () => true,
  async run(_model, world) {
    world.say(name)
    await run(world)
  },
  toString: () => name,
})

const accept = fc.integer({ min: 1, max: 4 }).map(count =>
  command(`accept ${count}`, world =>
    world.perform(async () => {
      await Promise.all(Array.from({ length: count }, () => world.accept(world.newContent())))
    }),
  ),
)

const repeat = fc.constant(command('repeat', world => world.perform(() => world.accept(world.anyContent()))))

const take = fc
  .record({
    sink: fc.constantFrom('file', 'other'),
    end: fc.constantFrom('ack', 'ack', 'ack', 'release', 'aside'),
    count: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ sink, end, count }) =>
    command(`take ${count} for ${sink}, ${end}`, world =>
      world.perform(async () => {
        for (let index = 0; index < count; index++) await world.take(sink, end as 'ack')
      }),
    ),
  )

const together = fc.constant(
  command('accept and take together', world =>
    world.perform(async () => {
      const accepts = Array.from({ length: 3 }, () => world.accept(world.newContent()))
      await Promise.all([...accepts, world.take('file', 'ack'), world.take('other', 'ack')])
    }),
  ),
)

const crashNow = fc
  .constantFrom<Crash>('kill', 'power')
  .map(kind => command(`crash (${kind})`, world => world.crash(kind)))

const crashLater = fc
  .record({ kind: fc.constantFrom<Crash>('kill', 'power'), calls: fc.integer({ min: 1, max: 60 }) })
  .map(({ kind, calls }) =>
    command(`crash (${kind}) at call ${calls}`, async world => {
      world.crashLater(kind, calls)
    }),
  )

const restart = fc.constant(command('restart', world => world.close()))

export const CODES = ['EIO', 'ENOSPC', 'EMFILE', 'EACCES'] as const
const isSync = ({ name }: Call) => name === 'fsync' || name === 'fdatasync'

const fault = fc
  .record({
    after: fc.integer({ min: 0, max: 40 }),
    count: fc.integer({ min: 1, max: 4 }),
    code: fc.constantFrom(...CODES),
    where: fc.constantFrom('all', 'sync', 'write', 'names'),
  })
  .map(({ after, count, code, where }) =>
    command(`${count} faults (${code}) of ${where} after ${after}`, async world => {
      let seen = 0
      world.fault(call => {
        if (where === 'sync' && !isSync(call)) return
        if (where === 'write' && call.name !== 'write') return
        if (where === 'names' && !['rename', 'unlink', 'link', 'open', 'mkdir'].includes(call.name)) return
        const index = seen++ - after
        if (index < 0 || index >= count) return
        return where === 'write' && index % 2 === 0 ? ('short' as Fault) : { code }
      })
    }),
  )

const fill = fc.integer({ min: 0, max: 3_000 }).map(room =>
  command(`fill the disk up to ${room}`, async world => {
    let used = 0
    for (const content of world.disk.tree().values()) used += content.length
    world.fault(() => undefined)
    world.disk.capacity = used + room
    world.full()
  }),
)

const free = fc.constant(command('free', async world => world.mend()))

const replay = fc.constant(command('replay', world => world.replay()))

/** The worst moment for the names of files that are deleted is between their end and a restart; by chance it is rarely met. */
async function hourBack(world: World): Promise<void> {
  if (world.deletes) await world.perform(() => world.time.pass(70_000))
  await world.setClock(-3_600_000)
  if (world.deletes) await world.close()
}

const pass = fc.constantFrom(1_000, 61_000, -5_000, -3_600_000).map(ms =>
  command(`${ms} ms`, async world => {
    if (ms > 0) return world.perform(() => world.time.pass(ms))
    return ms === -5_000 ? world.setClock(ms) : hourBack(world)
  }),
)

export const commands = fc.commands(
  [accept, repeat, take, take, together, crashNow, crashLater, restart, fault, fill, free, replay, pass],
  { maxCommands: 14, size: 'max' },
)
