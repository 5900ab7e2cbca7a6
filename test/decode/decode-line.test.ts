import { describe, expect, it } from 'vitest'
import { decodeLine, wholeCharacters } from '../../src/decode/decode-line.ts'
import { createFieldDropper } from '../../src/decode/drop-fields.ts'
import type { Line } from '../../src/decode/line.ts'
import { cpuMs } from '../helpers/cpu-time.ts'

function decode(body: string | Buffer, lost = 0, dropFields: readonly string[] = []): Line {
  const raw = { number: 7, bytes: Buffer.from(body), lost, time: undefined, id: undefined }
  return decodeLine(raw, { maxLineBytes: 1000, dropFields: createFieldDropper(dropFields) })
}

describe('decoding a line', () => {
  it('gives a record with the text as received', () => {
    expect(decode(' {"ä":"\\u00e4"} ')).toEqual({ number: 7, text: ' {"ä":"\\u00e4"} ', record: { ä: 'ä' } })
  })

  it('carries the time of the line', () => {
    const raw = { number: 0, bytes: Buffer.from('{}'), lost: 0, time: '2026-01-01T00:00:00Z', id: undefined }
    expect(decodeLine(raw, { maxLineBytes: 10, dropFields: undefined })).toEqual({
      number: 0,
      text: '{}',
      time: raw.time,
      record: {},
    })
  })

  it('ignores a byte order mark and keeps it in the text', () => {
    expect(decode('\uFEFF{"a":1}')).toEqual({ number: 7, text: '\uFEFF{"a":1}', record: { a: 1 } })
  })

  it.each<[string, string | Buffer, string, string]>([
    ['no JSON', 'test', 'not_json', 'The line is not JSON: what stands at byte 0 is not allowed there.'],
    [
      'JSON that breaks off, with the offset in bytes',
      '{"ü":1',
      'not_json',
      'The line is not JSON: it ends at byte 7 before the value is complete.',
    ],
    [
      'a fault behind a byte order mark',
      '\uFEFF{"ü":x}',
      'not_json',
      'The line is not JSON: what stands at byte 9 is not allowed there.',
    ],
    ['an array', ' [1]', 'not_object', 'The line is JSON, but an array at byte 1, not an object.'],
    ['a string', '"x"', 'not_object', 'The line is JSON, but a string at byte 0, not an object.'],
    ['null', 'null', 'not_object', 'The line is JSON, but null at byte 0, not an object.'],
    [
      'an object of depth 33',
      `${'{"ä":'.repeat(32)}[]${'}'.repeat(32)}`,
      'too_deep',
      'The record is nested deeper than 32 levels at byte 192.',
    ],
    [
      'bytes that are no UTF-8',
      Buffer.from([0x7b, 0x22, 0xef, 0xbf, 0xbd, 0xc3, 0x28]),
      'not_utf8',
      'The line is not UTF-8 at byte 5.',
    ],
    ['a character that breaks off', Buffer.from([0x61, 0xe2, 0x82]), 'not_utf8', 'The line is not UTF-8 at byte 1.'],
  ])('says of %s what it is and where', (_, body, code, message) => {
    expect(decode(body)).toEqual({ number: 7, text: Buffer.from(body).toString(), bad: { code, message } })
  })

  it('tells of a line that is too long how long it was, and cuts no character in two', () => {
    expect(decode(Buffer.from('aü').subarray(0, 2), 999)).toEqual({
      number: 7,
      text: 'a',
      bad: {
        code: 'too_long',
        message: 'The line has 1001 bytes, more than 1000 (MAX_LINE_BYTES); it is cut at byte 1.',
      },
    })
  })

  it.each([
    ['a€', 4, 4],
    ['a€', 3, 1],
    ['a€', 2, 1],
    ['😀', 4, 4],
    ['😀', 3, 0],
    ['ab', 2, 2],
  ])('keeps whole characters of %s cut at byte %i', (text, cut, kept) => {
    expect(wholeCharacters(Buffer.from(text).subarray(0, cut))).toBe(kept)
  })

  it('drops fields from the record and from the text alike', () => {
    expect(decode('{"a":1,"Cookies":{"s":"secret"},"t":1506702504433000201}', 0, ['cookies'])).toEqual({
      number: 7,
      text: '{"a":1,"t":1506702504433000201}',
      record: { a: 1, t: '1506702504433000201' },
    })
  })

  it('keeps the text of a line that is no record', () => {
    expect(decode('{"Cookies":1', 0, ['Cookies'])).toMatchObject({ text: '{"Cookies":1', bad: { code: 'not_json' } })
  })
})

describe('a line that is meant to do harm', () => {
  it.each([
    [
      'a long string before the depth',
      `{"s":"${'\\"'.repeat(400_000)}","a":${'['.repeat(40)}${']'.repeat(40)}}`,
      'too_deep',
    ],
    ['a million brackets', '['.repeat(1_000_000), 'not_json'],
    ['a million nested objects', `${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`, 'too_deep'],
    ['a number of a million digits', `[${'9'.repeat(1_000_000)}]`, 'not_object'],
  ])('costs no more than a moment: %s', (_, text, code) => {
    const started = cpuMs()
    expect(decode(text)).toMatchObject({ bad: { code } })
    expect(cpuMs() - started).toBeLessThan(1000)
  })

  it('keeps a number of many digits whole', () => {
    const digits = '9'.repeat(100_000)
    expect(decode(`{"a":${digits}}`)).toMatchObject({ record: { a: digits } })
  })
})
