import { expect, test } from 'vitest'
import { createDisk } from './disk.ts'
import { createRandom } from './random.ts'
import { createTime } from './time.ts'
import { createVanished, eventFiles } from './vanished.ts'

const STEM = '/data/events/a/20261124T215537Z-000001'

/** A disk on which an event file was deleted and another one is made under its name, which happens after a power loss at most. */
async function nameThatComesAgain(isAllowed: boolean) {
  const disk = createDisk(createRandom(1), 'ordered', createTime(0))
  const errors: string[] = []
  const vanished = createVanished(disk.tree, error => errors.push(error.message))
  const files = vanished.watch(disk.start())
  for (const folder of ['/data', '/data/events', '/data/events/a']) await files.mkdir(folder, { mode: 0o700 })
  for (const content of ['first\n', 'second\n']) {
    const file = await files.open(`${STEM}.ndjson`, 'wx')
    await file.write(Buffer.from(content), 0)
    await file.close()
    if (content === 'first\n') await files.unlink(`${STEM}.ndjson`)
    if (isAllowed) vanished.forgetNames()
  }
  return { errors, contents: [...vanished.and(eventFiles(disk.tree())).values()].map(String) }
}

test('what a deleted event file held still counts when another one gets its name', async () => {
  expect(await nameThatComesAgain(true)).toEqual({ errors: [], contents: ['first\n', 'second\n'] })
})

test('a name that comes again although it was noted is told', async () => {
  const { errors } = await nameThatComesAgain(false)
  expect(errors).toEqual([expect.stringContaining('is not greater than')])
})
