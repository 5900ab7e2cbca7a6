import { describe, expect, it } from 'vitest'
import { createMapper, detect, type LineOrRecord } from '../src/package.ts'

/** Objects that are no plain ones, and batches that are read in other ways than from end to end. */

const line = '{"ClientIP":"192.0.2.1","CacheCacheStatus":"hit"}'
const mapper = createMapper()
const receivedAt = '2024-05-06T07:08:09Z'

const throws = (): never => {
  throw new Error('own')
}
const withGetter = (object: object, name: string | symbol, get: () => unknown) =>
  Object.defineProperty(object, name, { get, enumerable: true })

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** An object whose only member is one like itself, made when it is asked for. */
function endless(): object {
  const member = { enumerable: true, configurable: true }
  const get = (_: object, key: string | symbol): unknown => (key === 'a' ? endless() : undefined)
  return new Proxy({}, { ownKeys: () => ['a'], getOwnPropertyDescriptor: () => member, get })
}

class Row {
  readonly ClientIP = '192.0.2.1'
  readonly CacheCacheStatus = 'hit'
}
interface Typed {
  readonly ClientIP: string
  readonly CacheCacheStatus: string
}
const typed: Typed = JSON.parse(line)

describe('an object that cannot be read', () => {
  it.each<[string, () => object]>([
    ['a getter that throws', () => withGetter({}, 'ClientIP', throws)],
    ['a then that throws', () => withGetter({}, 'then', throws)],
    ['a toJSON that throws', () => ({ toJSON: throws })],
    ['a Proxy that throws', () => new Proxy({}, { has: throws, get: throws, ownKeys: throws })],
    ['a Proxy that was revoked', revoked],
    ['a Proxy without an end', endless],
  ])('is a bad line: %s', (_, make) => {
    const value = make() as LineOrRecord
    expect(mapper.map(value, { receivedAt })).toMatchObject({ error: { code: 'not_json' }, event: { original: '' } })
    expect(detect(value)).toEqual({ dataset: undefined, score: 0 })
    expect([...mapper.mapBatch([value, line])]).toHaveLength(2)
  })
})

describe('an object', () => {
  it('may be of an interface or a class, in types too', () => {
    const event = mapper.map(line, { receivedAt })
    expect(mapper.map(typed, { receivedAt })).toEqual(event)
    expect([...mapper.mapBatch([typed, new Row()], { receivedAt })]).toEqual([event, event])
    // @ts-expect-error: a function that was not called
    expect(mapper.map(() => line)).toMatchObject({ error: { code: 'not_json' } })
  })

  it.each<[string, () => object]>([
    ['frozen', () => Object.freeze({ ...typed })],
    ['without a prototype', () => Object.assign(Object.create(null), typed)],
    [
      'with a getter',
      () =>
        Object.assign(
          withGetter({}, 'ClientIP', () => '192.0.2.1'),
          { CacheCacheStatus: 'hit' },
        ),
    ],
    ['behind a Proxy', () => new Proxy(typed, {})],
    ['with a tag whose getter throws', () => withGetter({ ...typed }, Symbol.toStringTag, throws)],
    ['with a toJSON of its own', () => ({ toJSON: () => typed })],
    ['with members that JSON does not have', () => ({ ...typed, f: throws, s: Symbol('s'), u: undefined })],
  ])('is mapped as its JSON text: %s', (_, make) => {
    const value = make() as LineOrRecord
    expect(mapper.map(value, { receivedAt })).toEqual(mapper.map(line, { receivedAt }))
    expect(detect(value)).toEqual({ dataset: 'http_requests', score: 1 })
  })

  it('may have names of the language: they are kept, and no prototype is changed', () => {
    const record = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1}')
    const { cloudflare } = mapper.map(record)
    expect(JSON.stringify(cloudflare)).toBe(JSON.stringify(record))
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('two batches of one mapper, read in turns', () => {
  it('give what they give one after the other', () => {
    const other = '{"QueryName":"a.example","ResponseCode":0}'
    const [a, b] = [line, other].map(one => Array(150).fill(one) as string[])
    const alone = [a!, b!].map(lines => [...mapper.mapBatch(lines, { receivedAt })])
    const [first, second] = [a!, b!].map(lines => mapper.mapBatch(lines, { receivedAt }))
    const turns = Array.from({ length: 150 }, () => [first!.next().value, second!.next().value])
    expect([turns.map(turn => turn[0]), turns.map(turn => turn[1])]).toEqual(alone)
  })

  it('close their source when the reader has enough', () => {
    let closed = 0
    function* lines() {
      try {
        for (;;) yield line
      } finally {
        closed++
      }
    }
    for (const _ of mapper.mapBatch(lines())) break
    expect(closed).toBe(1)
  })
})
