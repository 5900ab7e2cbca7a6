import { describe, expect, it } from 'vitest'
import { randomOf } from '../../bench/records.ts'
import { createScanner } from '../../src/scan/scanner.ts'
import { faultOf } from './check.ts'
import { realLines } from './samples.ts'

const scanner = createScanner()

/** @returns the first fault */
function firstFault(lines: Iterable<Buffer>): string | undefined {
  for (const line of lines) {
    const fault = faultOf(scanner, line)
    if (fault !== undefined) return fault
  }
  return undefined
}

const SIGNS = [...'{}[]":,\\-.019eEtrufalsn /', '\u0000', '\n', '\u007f', '\u0080', '\u00ff']

describe('a line that is anything', () => {
  it('is judged as JSON.parse and the rules of plain lines judge it, for all values of up to four signs', () => {
    const signs = [...'{}[]":,\\-.019e ']
    const values = (length: number): string[] =>
      length === 0 ? [''] : values(length - 1).flatMap(value => signs.map(sign => value + sign))
    const lines = [0, 1, 2, 3, 4].flatMap(values).map(value => Buffer.from(`{"a":${value}}`))
    expect(lines.length).toBeGreaterThan(50_000)
    expect(firstFault(lines)).toBe(undefined)
  })

  it('is judged so when bytes of real lines are changed, put in, taken out or moved', () => {
    const random = randomOf(7)
    const any = (most: number) => Math.floor(random() * most)
    const originals = realLines().map(line => Buffer.from(line).subarray(0, 6000).toString('latin1'))
    const mutate = (line: string): string => {
      const at = any(line.length)
      const sign = SIGNS[any(SIGNS.length)] as string
      const act = any(5)
      if (act === 0) return line.slice(0, at) + sign + line.slice(at + 1)
      if (act === 1) return line.slice(0, at) + sign + line.slice(at)
      if (act === 2) return line.slice(0, at) + line.slice(at + 1 + any(3))
      if (act === 3) return line.slice(0, at) + line.slice(any(line.length))
      return line.slice(0, at) + line.slice(at - any(40), at) + line.slice(at)
    }
    function* mutants() {
      for (let i = 0; i < 8000; i++) {
        let line = originals[i % originals.length] as string
        for (let times = any(3); times >= 0; times--) line = mutate(line)
        yield Buffer.from(line, 'latin1')
      }
    }
    expect(firstFault(mutants())).toBe(undefined)
  })

  it('is judged so wherever in a block of 16 bytes its parts begin and end', () => {
    function* shifted() {
      const values = [
        '""',
        '"\\""',
        '"\\\\"',
        '"\\u00e9"',
        '12',
        '1234567890123456',
        '-1.5',
        'true',
        '[]',
        '[{"a":"\\\\"}]',
      ]
      for (const value of values) {
        for (let shift = 1; shift < 70; shift++) {
          const pad = 'x'.repeat(shift)
          yield Buffer.from(`{"${pad}":${value}}`)
          yield Buffer.from(`{"a":"${pad}","b":${value},"c":"${pad}"}`)
          yield Buffer.from(`{"a":"${pad}\\n${pad}","b":[${value},"${pad}"]}`)
          yield Buffer.from(`{"a":[[${value},"${pad}${value.replaceAll('"', '')}`)
        }
      }
    }
    expect(firstFault(shifted())).toBe(undefined)
  })

  it('is judged so for each byte in an escape', () => {
    function* escapes() {
      for (let byte = 0; byte < 256; byte++) {
        const sign = String.fromCharCode(byte)
        yield Buffer.from(`{"a":"\\${sign}"}`, 'latin1')
        for (let digit = 0; digit < 4; digit++)
          yield Buffer.from(`{"a":"\\u${'0'.repeat(digit)}${sign}${'0'.repeat(3 - digit)}"}`, 'latin1')
      }
      for (let digits = 0; digits < 5; digits++)
        yield Buffer.from(`{"a":"\\u${'0'.repeat(digits)}","b":"\\u${'0'.repeat(digits)}`)
    }
    expect(firstFault(escapes())).toBe(undefined)
  })

  it('is judged so for numbers of any number of digits', () => {
    function* numbers() {
      for (let before = 0; before < 40; before++) {
        for (const digits of ['1', '9', '0']) {
          for (const sign of ['', '-']) {
            yield Buffer.from(`{"a":${sign}${digits.repeat(before)},"b":[]}`)
            for (let behind = 0; behind < 40; behind++)
              yield Buffer.from(`{"a":${sign}${digits.repeat(before)}.${digits.repeat(behind)}}`)
          }
        }
      }
    }
    expect(firstFault(numbers())).toBe(undefined)
  })

  it('is judged so for brackets of any depth', () => {
    const open = (depth: number) => Array.from({ length: depth }, (_, i) => (i % 3 === 0 ? '{"a":' : '["}",')).join('')
    const close = (depth: number) =>
      Array.from({ length: depth }, (_, i) => ((depth - 1 - i) % 3 === 0 ? '}' : ']')).join('')
    function* nested() {
      for (let depth = 1; depth < 70; depth++) {
        yield Buffer.from(`{"a":${open(depth)}[]${close(depth)},"b":1}`)
        yield Buffer.from(`{"a":${open(depth)}1${close(depth)}}`)
        yield Buffer.from(`{"a":${open(depth)}1${close(depth - 1)}}`)
        yield Buffer.from(`{"a":${'['.repeat(depth)}1${']'.repeat(depth)}}`)
      }
    }
    expect(firstFault(nested())).toBe(undefined)
  })

  it('is judged so when it has no ASCII in a string, and one byte that is a control character', () => {
    function* lines() {
      for (let length = 1; length < 200; length++) {
        const line = Buffer.from(`{"a":"${'\u00ff'.repeat(length)}"}`, 'latin1')
        yield line
        for (const byte of [0x1f, 0x20, 0x7f]) yield Buffer.from(line).fill(byte, 5 + length, 6 + length)
      }
    }
    expect(firstFault(lines())).toBe(undefined)
  })
})
