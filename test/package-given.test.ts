import { describe, expect, it } from 'vitest'
import { type Context, createMapper, detect, type LineOrRecord, type MapperOptions } from '../src/package.ts'

/** What code without types may give, and what it is told. */

const line = '{"ClientIP":"192.0.2.1","CacheCacheStatus":"hit"}'
const mapper = createMapper()
const receivedAt = '2024-05-06T07:08:09Z'

function thrownBy(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('Nothing was thrown.')
}

describe('an option with a value that it does not take', () => {
  it.each<[string, unknown, string]>([
    ['profile', 'RAW', 'one of ecs, raw; not "RAW"'],
    ['additions', 'yes', 'one of auto, on, off; not "yes"'],
    ['message', 'sentence', 'one of raw, description; not "sentence"'],
    ['keepOriginal', 'false', 'true or false; not "false"'],
    ['keepOriginal', null, 'true or false; not null'],
    ['userAgent', true, 'one of parse, original; not true'],
    ['namespace', '', 'the namespace of a data stream'],
    ['namespace', 'Prod', 'the namespace of a data stream'],
    ['namespace', 'a-b', 'the namespace of a data stream'],
    ['namespace', 'a'.repeat(101), 'the namespace of a data stream'],
    ['dropFields', 'Cookies', 'an array of field names, none of them empty or with blanks around it; not "Cookies"'],
    ['dropFields', new Set(['Cookies']), 'not a Set'],
    ['dropFields', [1], 'an array of field names'],
    ['dropFields', [''], 'an array of field names'],
    // What 'Cookies, ClientIP'.split(',') gives.
    [
      'dropFields',
      ['Cookies', ' ClientIP'],
      'none of them empty or with blanks around it; not ["Cookies"," ClientIP"]',
    ],
    [
      'eventIdField',
      'event.kind',
      'a field that the mapping does not fill, such as labels.intake_id; not "event.kind"',
    ],
    ['eventIdField', 'tags', 'a field'],
    ['eventIdField', '__proto__.x', 'a field'],
    ['eventIdField', 'a..b', 'a field'],
    ['eventIdField', '', 'a field'],
    ['eventIdField', () => 1, 'not a function'],
  ])('is a RangeError: %s %j', (name, value, told) => {
    const error = thrownBy(() => createMapper({ [name]: value }))
    expect(error).toBeInstanceOf(RangeError)
    expect(error.message).toMatch(`The option ${name} takes `)
    expect(error.message).toContain(told)
  })

  it('is refused by its name where there is no such option', () => {
    expect(() => createMapper({ dropfields: ['Cookies'] } as object)).toThrow(
      new RangeError('Unknown option dropfields.'),
    )
  })

  it.each([null, 'ecs', 1, [], new Map(), Promise.resolve({}), new Headers(), new Error('none')])(
    'is a TypeError where it is no options at all: %s',
    given => {
      const error = thrownBy(() => createMapper(given as object))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('The options must be an object, not ')
    },
  )

  it('counts where an object inherits it, and where a getter gives it', () => {
    class Options {
      get dropFields() {
        return ['ClientIP']
      }
    }
    for (const options of [new Options(), Object.create({ dropFields: ['ClientIP'] })])
      expect(createMapper(options).map(line).message).toBe('{"CacheCacheStatus":"hit"}')
    expect(() => createMapper(JSON.parse('{"__proto__":{"profile":"raw"}}'))).toThrow('Unknown option __proto__.')
    expect(() => createMapper({ [`${'x'.repeat(1000)}`]: 1 })).toThrow(/^Unknown option x{100}\.$/)
    expect(() => createMapper(Object.freeze({ dropFields: Object.freeze(['ClientIP']) }))).not.toThrow()
  })

  it('is not one of these: each value of each option, and undefined for every one', () => {
    const options: MapperOptions = {
      profile: undefined,
      additions: undefined,
      message: undefined,
      keepOriginal: undefined,
      userAgent: undefined,
      namespace: undefined,
      eventIdField: undefined,
      dropFields: undefined,
    }
    expect(createMapper(options).map(line, { receivedAt })).toEqual(mapper.map(line, { receivedAt }))
    for (const eventIdField of ['labels.intake_id', 'event.id', 'intake.id'])
      expect(() => createMapper({ eventIdField })).not.toThrow()
    for (const namespace of ['default', 'prod_1.eu', 'ü']) expect(() => createMapper({ namespace })).not.toThrow()
  })
})

describe('a context that is none', () => {
  it.each<[unknown, typeof TypeError | typeof RangeError, string]>([
    [null, TypeError, 'The context must be an object, not null.'],
    ['http_requests', TypeError, 'The context must be an object, not "http_requests".'],
    [{ data_set: 'http_requests' }, RangeError, 'Unknown name in the context data_set.'],
    [{ recievedAt: receivedAt, ID: 1 }, RangeError, 'Unknown name in the context recievedAt, ID.'],
    [{ dataset: '' }, RangeError, 'Unknown dataset . Known'],
    [{ dataset: null }, RangeError, 'Unknown dataset null. Known'],
    [{ dataset: {} }, RangeError, 'Unknown dataset an object. Known'],
    [{ dataset: '__proto__' }, RangeError, 'Unknown dataset __proto__. Known'],
    [{ dataset: ['http_requests'] }, RangeError, 'Unknown dataset ["http_requests"]. Known'],
    [{ id: 'x' }, RangeError, 'id in the context takes a function; not "x".'],
    [{ receivedAt: null }, RangeError, 'receivedAt is no time: null.'],
    [{ receivedAt: '1714979289' }, RangeError, 'receivedAt is no time: 1714979289.'],
    [{ receivedAt: Number.NaN }, RangeError, 'receivedAt is no time: NaN.'],
    [{ receivedAt: 1e300 }, RangeError, 'receivedAt is no time: 1e+300.'],
    [{ receivedAt: 1_714_979_289 }, RangeError, 'receivedAt is no time: 1714979289.'],
    [{ receivedAt: new Date(Number.NaN) }, RangeError, 'receivedAt is no time: Invalid Date.'],
    [{ receivedAt: {} }, RangeError, 'receivedAt is no time: an object.'],
  ])('throws before a line is read: %j', (context, kind, told) => {
    for (const run of [() => mapper.map(line, context as Context), () => mapper.mapBatch([line], context as Context)]) {
      const error = thrownBy(run)
      expect(error).toBeInstanceOf(kind)
      expect(error.message).toContain(told)
    }
  })

  it.each<[string, () => unknown, string]>([
    ['a number', () => 1, '1'],
    ['nothing', () => undefined, 'undefined'],
    ['no text', () => '', '""'],
    ['a promise of a text', async () => 'x', 'a Promise'],
    ['an object', () => ({}), 'an object'],
  ])('throws where its id gives no text but %s, if an id is wanted', (_, id, told) => {
    const context = { id } as Context
    const error = thrownBy(() => createMapper({ eventIdField: 'labels.id' }).map(line, context))
    expect(error).toEqual(new RangeError(`id in the context gave ${told}; it has to give a text.`))
    expect(() => mapper.map(line, context)).not.toThrow()
  })

  it('throws for a time that cannot be had, and quotes the head of a long text', () => {
    const thrown = (context: object) => thrownBy(() => mapper.map(line, context as Context)).message
    expect(thrown({ receivedAt: new Proxy(new Date(), {}) })).toContain('receivedAt is no time: an object.')
    expect(thrown({ receivedAt: 1n })).toContain('receivedAt is no time: 1.')
    const long = 'x'.repeat(1e6)
    expect(thrown({ receivedAt: long })).toContain(`receivedAt is no time: ${long.slice(0, 100)}.`)
    expect(thrown({ dataset: long })).toContain(`Unknown dataset ${long.slice(0, 100)}. Known`)
  })

  it('is not one of milliseconds, nor of undefined for every name', () => {
    const ms = Date.parse(receivedAt) + 5
    expect(mapper.map(line, { receivedAt: ms })['@timestamp']).toBe('2024-05-06T07:08:09.005Z')
    const context: Context = { dataset: undefined, receivedAt: undefined, id: undefined }
    expect(mapper.map(line, context)).toHaveProperty('@timestamp')
  })
})

describe('a value that can be no record', () => {
  // biome-ignore lint/suspicious/noThenProperty: such objects are what is tried.
  const thenable = { then: () => undefined }
  it.each<[string, unknown, string]>([
    ['a Promise', Promise.resolve(line), 'not a Promise. Await it first.'],
    ['a thenable', thenable, 'not a Promise. Await it first.'],
    ['a Buffer', Buffer.from(line), 'not a Uint8Array. Decode bytes first, with TextDecoder.'],
    ['an ArrayBuffer', new ArrayBuffer(8), 'not an ArrayBuffer. Decode bytes first, with TextDecoder.'],
    ['a DataView', new DataView(new ArrayBuffer(8)), 'not a DataView. Decode'],
    ['a Float64Array', new Float64Array(1), 'not a Float64Array. Decode'],
    ['a Map', new Map([['ClientIP', '192.0.2.1']]), 'not a Map.'],
  ])('is a TypeError, as a line and as the lines: %s', (_, value, told) => {
    for (const run of [
      () => mapper.map(value as string),
      () => detect(value as string),
      () => mapper.mapBatch(value as string),
      () => [...mapper.mapBatch([line, value as string])],
    ]) {
      const error = thrownBy(run)
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain(told)
    }
  })

  it.each<[string, object, string]>([
    ['a Response', new Response(line), ' Await its text first.'],
    ['a Request', new Request('http://intake.example'), ' Await its text first.'],
    ['a Headers', new Headers({ ClientIP: '192.0.2.1' }), ''],
    ['a RegExp', /a/, ''],
    ['an Error', new Error(line), ''],
    ['a Generator', (function* () {})(), ''],
  ])('is a TypeError as a line where its JSON would hold nothing: %s', (told, value, hint) => {
    for (const run of [() => mapper.map(value as LineOrRecord), () => detect(value as LineOrRecord)])
      expect(thrownBy(run)).toEqual(new TypeError(`A line must be a string or an object, not ${told}.${hint}`))
  })

  it.each([[new Set([line])], [[line]]])('is a TypeError as a line, while these may be the lines: %s', value => {
    expect(() => mapper.map(value as unknown as string)).toThrow(TypeError)
    expect([...mapper.mapBatch(value)]).toHaveLength(1)
  })

  it('is a TypeError as the lines where it is one record, or read with await', () => {
    const lines = 'The lines must be a string or an iterable of lines, not '
    for (const value of [{ ClientIP: '192.0.2.1' }, null, undefined, 1, () => [line], { [Symbol.iterator]: 1 }])
      expect(thrownBy(() => mapper.mapBatch(value as unknown as string)).message).toContain(lines)
    async function* later() {
      yield line
    }
    const error = thrownBy(() => mapper.mapBatch(later() as unknown as string))
    expect(error.message).toBe(`${lines}an AsyncIterable. Read it first.`)
  })
})

describe('a line with its end', () => {
  it.each(['\n', '\r\n', '\r'])('is mapped as without it: %j', end => {
    expect(mapper.map(line + end, { receivedAt })).toEqual(mapper.map(line, { receivedAt }))
  })

  it('has the number 0 in map', () => {
    const withId = createMapper({ eventIdField: 'labels.id' })
    expect(withId.map(line, { id: number => `n${number}` }).labels).toEqual({ id: 'n0' })
  })
})
