import { isDeepStrictEqual } from 'node:util'
import { NEW_KEYS, NOT_ASCII, ODD, PLAIN, type Scanner } from '../../src/scan/scanner.ts'
import { type Member, membersOf } from './oracle.ts'

/** The members of the line scanned last, read by the tokens as the contract tells. */
export function scannedMembers(scanner: Scanner, line: Buffer): Member[] {
  let at = 1
  return Array.from({ length: scanner.count() }, (_, i) => {
    const [start, end, kind] = scanner.tokens.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number]
    const key = line.toString('latin1', at + 1, start - 2)
    at = end + 1
    return { key, text: line.toString('latin1', start, end), kind }
  })
}

/**
 * Scans the line and compares what is found with the oracle and with JSON.parse.
 *
 * @returns what is wrong, or undefined: an assertion per line would take most of the time
 */
export function faultOf(scanner: Scanner, line: Buffer): string | undefined {
  const answer = scanner.scan(line)
  const text = line.toString('latin1')
  const expected = membersOf(text)
  if (expected === undefined) return answer === ODD ? undefined : `is odd, but not to the scanner: ${text}`
  if ((answer & ~NEW_KEYS) !== (line.some(byte => byte > 0x7f) ? PLAIN | NOT_ASCII : PLAIN)) return `${answer}: ${text}`
  const members = scannedMembers(scanner, line)
  if (!isDeepStrictEqual(members, expected)) return `other members: ${text}`
  return isParsedAlike(text, members) ? undefined : `JSON.parse sees something else: ${text}`
}

function isParsedAlike(text: string, members: readonly Member[]): boolean {
  const whole = parse(text)
  const values = members.map(member => parse(member.text))
  // Only the inside of what is nested may be no JSON, and then the line is none.
  if (values.includes(BROKEN)) return whole === BROKEN
  return isDeepStrictEqual(whole, Object.fromEntries(members.map(({ key }, i) => [key, values[i]])))
}

const BROKEN = Symbol('no JSON')

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return BROKEN
  }
}
