import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inTurns } from '../../src/http/json-accept.ts'
import { document, isBlank } from '../../src/http/json-scan.ts'
import { type Listening, listen } from './listening.ts'

let intake: Listening
let oneGo: number
beforeAll(async () => {
  oneGo = scanInOneGo()
  intake = await listen({ limits: { maxInflateRatio: 2000 } })
})
afterAll(() => intake.close())

const MIB = 1024 ** 2
const fill = (begin: string, part: string, end: string) =>
  begin + part.repeat((16 * MIB - begin.length - end.length) / part.length) + end

/** Milliseconds that this thread works, whatever else the machine does. */
const cpuMs = () => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** The longest turn of the event loop until the promise is settled. */
async function longestTurn(during: Promise<unknown>): Promise<number> {
  let longest = 0
  let over = false
  let begun = cpuMs()
  const tick = () => {
    longest = Math.max(longest, cpuMs() - begun)
    if (over) return
    begun = cpuMs()
    setImmediate(tick)
  }
  setImmediate(tick)
  await during
  over = true
  return longest
}

/** What it costs to look at an array of so many bytes in one go. */
function scanInOneGo(): number {
  const bytes = Buffer.from(fill('[', '{"":1},', '1]'))
  const begun = cpuMs()
  Array.from(document(bytes))
  return cpuMs() - begun
}

test.each([
  ['/batch', 400, 'of one member again and again', fill('{', '"a":1,', '"a":1}')],
  ['/array', 400, 'of wrappers with an empty name', fill('[', '{"":1},', '{"":1}]')],
  ['/array', 401, 'of one wrapper with a long event', fill('[{"json":[', '{},', '1]}]')],
  ['/batch', 401, 'of many small events', fill('{"jsons":[', '1,', '1],"intake_key":"wrong"}')],
  ['/batch', 401, 'of a key', fill('{"jsons":[],"intake_key":"', '\\n', '"}')],
  ['/', 400, 'of a time', fill('{"json":1,"timestamp":"', '\\n', '"}')],
])(
  '%s answers a stranger %i for 16 MiB %s, and meanwhile others have their turn',
  async (path, status, _name, body) => {
    const sent = fetch(intake.url + path, {
      method: 'POST',
      body: gzipSync(body),
      headers: { 'content-encoding': 'gzip' },
    })
    const longest = await longestTurn(sent)
    expect((await sent).status).toBe(status)
    expect(longest).toBeLessThan(oneGo / 2)
  },
)

test.each([
  ['blanks', ' ', isBlank],
  ['blanks around a value', ' ', document],
  ['a number', '1', document],
])('while 16 MiB of %s are looked at, the event loop turns again and again', async (_what, character, scan) => {
  const body = Buffer.alloc(16 * MIB, character)
  body[8 * MIB] = scan === document ? 0x31 : 0x20
  let turns = 0
  const tick = () => {
    turns++
    turning = setImmediate(tick)
  }
  let turning = setImmediate(tick)
  await inTurns<unknown>(scan(body))
  clearImmediate(turning)
  expect(turns).toBeGreaterThan(60)
})
