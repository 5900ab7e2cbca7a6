import { FLOAT, INTEGER, LARGE } from './kinds'
import { block, byte, ZERO, MINUS } from './line'

const POINT: u32 = 0x2e
const MAX_SAFE_INTEGER: u64 = 9007199254740991
const FLOAT_DIGITS: u32 = 17

/** Puts the number's kind into its token. @returns its end, 0 if it is odd: an exponent is seen by the caller, as what follows it */
@inline
export function numberEnd(at: u32, token: u32): u32 {
  const minus = u32(byte(at) == MINUS)
  const start = at + minus
  const digits = digitsAt(start)
  const end = start + digits
  if (byte(end) == POINT) return floatEnd(start, end, minus, token)
  if (digits - 1 >= 15) return largeEnd(start, token)
  if (byte(start) == ZERO && digits + minus > 1) return 0
  store<u32>(token, INTEGER, 8)
  return end
}

/** How many digits stand at `at`, of at most 16 that are looked at. */
@inline
function digitsAt(at: u32): u32 {
  const others = i8x16.gt_u(i8x16.sub(block(at), i8x16.splat(0x30)), i8x16.splat(9))
  return ctz(i8x16.bitmask(others) | 0x10000)
}

function floatEnd(start: u32, point: u32, minus: u32, token: u32): u32 {
  const before = point - start
  const behind = digitsAt(point + 1)
  const end = point + 1 + behind
  if (before == 0 || behind == 0 || before + behind > FLOAT_DIGITS) return 0
  if (byte(start) == ZERO && (before > 1 || (minus && isZero(point + 1, end)))) return 0
  store<u32>(token, FLOAT, 8)
  return end
}

function isZero(at: u32, end: u32): bool {
  while (at < end && byte(at) == ZERO) at++
  return at == end
}

/** What has no digit, or 16 and more of them. */
function largeEnd(start: u32, token: u32): u32 {
  let end = start
  let digits: u32
  do {
    digits = digitsAt(end)
    end += digits
  } while (digits == 16)
  const length = end - start
  if (length < 16 || byte(start) == ZERO) return 0
  store<u32>(token, length == 16 && valueOf(start, end) <= MAX_SAFE_INTEGER ? INTEGER : LARGE, 8)
  return end
}

function valueOf(at: u32, end: u32): u64 {
  let value: u64 = 0
  for (; at < end; at++) value = value * 10 + (byte(at) - ZERO)
  return value
}
