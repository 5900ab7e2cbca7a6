import fc from 'fast-check'
import { expect, test } from 'vitest'
import { document, elements, JsonError, members, source, stringOf } from '../../src/http/json-scan.ts'

const scan = (text: string) => {
  const bytes = Buffer.from(text)
  return { bytes, span: document(bytes) }
}
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
        expect(Array.from(elements(list.bytes, list.span), span => JSON.parse(source(list.bytes, span)))).toEqual(
          JSON.parse(JSON.stringify(array)),
        )
        const entries = scan(JSON.stringify(object, null, indent))
        const found = Array.from(members(entries.bytes, entries.span), member => [
          member.name,
          JSON.parse(source(entries.bytes, member)),
        ])
        expect(found).toEqual(Object.entries(JSON.parse(JSON.stringify(object))))
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
  expect(Array.from(elements(bytes, span), value => stringOf(bytes, value))).toEqual(['ab', undefined])
})
