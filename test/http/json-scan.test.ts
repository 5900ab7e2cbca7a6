import fc from 'fast-check'
import { expect, test } from 'vitest'
import { document, elements, isBlank, members, shortTextOf, source, stringOf } from '../../src/http/json-scan.ts'
import { JsonError, type Scan } from '../../src/http/json-value.ts'

/** What a scan returns, and how often it paused. */
const finish = <T>(scan: Scan<T>) => {
  let pauses = 0
  for (;;) {
    const { done, value } = scan.next()
    if (done === true) return { value, pauses }
    pauses++
  }
}
const scan = (text: string) => {
  const bytes = Buffer.from(text)
  return { bytes, span: finish(document(bytes)).value }
}
const found = <T>(parts: Iterable<T | undefined>) => Array.from(parts).filter(part => part !== undefined)
const isJson = (text: string) => {
  try {
    scan(text)
    return true
  } catch (error) {
    if (error instanceof JsonError) return false
    throw error
  }
}
const parses = (text: string) => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('what JSON.parse takes is taken, and each element and member is its own source', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue()),
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.nat(3),
      (array, object, indent) => {
        const list = scan(JSON.stringify(array, null, indent))
        expect(found(elements(list.bytes, list.span)).map(span => JSON.parse(source(list.bytes, span)))).toEqual(
          JSON.parse(JSON.stringify(array)),
        )
        const entries = scan(JSON.stringify(object, null, indent))
        const pairs = found(members(entries.bytes, entries.span)).map(member => [
          shortTextOf(entries.bytes, member.name, Number.POSITIVE_INFINITY),
          JSON.parse(source(entries.bytes, member)),
        ])
        expect(pairs).toEqual(Object.entries(JSON.parse(JSON.stringify(object))))
      },
    ),
  )
})

test('damaged JSON is refused exactly when JSON.parse refuses it', () => {
  const edit = fc.record({
    at: fc.nat(),
    cut: fc.nat(3),
    put: fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', '0', '-', '.', 'e', 't', '\n', '\u0001', 'u00g0'),
  })
  fc.assert(
    fc.property(fc.json(), edit, (text, { at, cut, put }) => {
      const place = at % (text.length + 1)
      const damaged = text.slice(0, place) + put + text.slice(place + cut)
      expect(isJson(damaged)).toBe(parses(damaged))
    }),
    { numRuns: 2000 },
  )
})

test.each([
  '',
  ' ',
  '01',
  '-',
  '1.',
  '.5',
  '1e',
  '1e+',
  '+1',
  'tru',
  'nul',
  'NaN',
  '"\\x"',
  '"\\u12g4"',
  '"a',
  '"\t"',
  '[1,]',
  '[,1]',
  '{"a":1,}',
  '{a:1}',
  '{"a" 1}',
  '1 2',
  '[1}',
])('%j is no JSON', text => expect(isJson(text)).toBe(false))

test.each(['0', '-0', '1.5e-7', '1E+400', '18446744073709551615', '"\\u00e9\\n"', 'true', 'null', ' [ ] ', '{"":{}}'])(
  '%j is JSON',
  text => expect(isJson(text)).toBe(true),
)

test('only a string has a text', () => {
  const { bytes, span } = scan('["a\\u0062", 5]')
  expect(found(elements(bytes, span)).map(value => stringOf(bytes, value))).toEqual(['ab', undefined])
})

test.each(['a', 'é', '😀', '"', '\\u0061'])(
  'the text of %j is told from its bytes, up to what its length can take',
  text => {
    const asIs = Buffer.from(JSON.stringify(text))
    const escaped = Buffer.from(`"${Array.from({ length: text.length }, (_, i) => unicode(text, i)).join('')}"`)
    for (const bytes of [asIs, escaped]) {
      expect(shortTextOf(bytes, { start: 0, end: bytes.length }, text.length)).toBe(text)
    }
    expect(shortTextOf(escaped, { start: 0, end: escaped.length }, text.length - 1)).toBeUndefined()
  },
)

const unicode = (text: string, at: number) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`

test.each([
  ['{"a":1,', '"a":1}'],
  ['[1,', '1]'],
  ['[{"":1},', '{"":1}]'],
  ['[{"a":[[], "b"]},', '1]'],
])('going over many of %s pauses again and again', (begin, end) => {
  const text = begin + begin.slice(1).repeat((1024 ** 2 * 2) / (begin.length - 1)) + end
  const { bytes, span } = scan(text)
  expect(finish(document(bytes)).pauses).toBe(8)
  const parts = Array.from(begin.startsWith('{') ? members(bytes, span) : elements(bytes, span))
  expect(parts.filter(part => part === undefined).length).toBeGreaterThan(4)
})

test.each([
  ['blanks around a value', (long: number) => `${' '.repeat(long)}1${'\n'.repeat(long)}`],
  ['blanks within an array', (long: number) => `[${' '.repeat(long)}1${' '.repeat(long)},2]`],
  [
    'blanks within an object',
    (long: number) => `{"a"${' '.repeat(long)}:${' '.repeat(long)}1${' '.repeat(long)},${' '.repeat(long)}"b":2}`,
  ],
  ['a name', (long: number) => `{"${'a'.repeat(long)}":1}`],
  ['a text', (long: number) => `["${'a'.repeat(long)}"]`],
  ['a number', (long: number) => `[-1${'0'.repeat(long)}.${'0'.repeat(long)}5e+${'0'.repeat(long)}1]`],
])('%s, as long as the body, is gone over in parts', (_what, make) => {
  const bytes = Buffer.from(make(1024 ** 2))
  const atLeast = Math.floor(bytes.length / 1024 ** 2) * 3
  const { value: span, pauses } = finish(document(bytes))
  expect(source(bytes, span)).toBe(bytes.toString().trim())
  expect(pauses).toBeGreaterThanOrEqual(atLeast)
  const first = bytes[span.start]
  if (first !== 0x5b && first !== 0x7b) return
  const parts = Array.from(first === 0x5b ? elements(bytes, span) : members(bytes, span))
  const shape = JSON.parse(bytes.toString())
  expect(found(parts).length).toBe(Object.keys(shape).length)
  expect(parts.length - found(parts).length).toBeGreaterThanOrEqual(atLeast)
})

test('a long blank body is told in parts', () => {
  expect(finish(isBlank(Buffer.alloc(1024 ** 2, ' \r\n\t')))).toEqual({ value: true, pauses: 3 })
  expect(finish(isBlank(Buffer.from(`${' '.repeat(1024 ** 2)}1`))).value).toBe(false)
})
