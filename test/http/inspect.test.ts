import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createInspector } from '../../src/http/inspect.ts'

test('lines are counted the same however the bytes are cut', () => {
  const piece = fc.constantFrom('\n', '\r\n', ' ', '\t', '{}', 'x'.repeat(40), ' '.repeat(40), '\0', 'é')
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.nat(200)), (pieces, cuts) => {
      const text = pieces.join('')
      const expected = text.split('\n').filter(line => /[^ \t\r]/.test(line)).length
      const bytes = Buffer.from(text)
      const inspector = createInspector()
      let at = 0
      for (const length of cuts) {
        inspector.take(bytes.subarray(at, at + length))
        at += length
      }
      inspector.take(bytes.subarray(at))
      expect(inspector.lines()).toBe(expected)
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['{"content":"tests"}', true],
  ['\n{ "content": "tests" }\r\n', true],
  ['test', true],
  ['tests', false],
  ['{"content":"tests","x":1}', false],
  ['{"content":"tests"}\n{"content":"tests"}', false],
  [`test${' '.repeat(300)}`, false],
])('%j is the upload test: %s', (text, ping) => {
  const inspector = createInspector()
  for (const byte of Buffer.from(text)) inspector.take(Uint8Array.of(byte))
  expect(inspector.isPing()).toBe(ping)
})
