import { HEAD_BYTES, KEY_BYTES, KEYS_AT, LINE_AT, LONG_KEYS_AT, MASK_AT, TOKEN_BYTES, TOKENS_AT } from './layout'
import { block } from './line'

/** Behind the last of the keys of the last plain line. */
export let keysEnd: u32 = KEYS_AT

// The 32 bytes that begin n bytes before the end of the ones say which of a key's first 32 bytes are its own.
for (let at: u32 = MASK_AT; at < MASK_AT + HEAD_BYTES; at++) store<u8>(at, 0xff)

@inline
export function lengthOf(key: u32): u32 {
  return load<u32>(key, HEAD_BYTES)
}

/** Whether this key, with its quotes and colon, stands at `at` in the line. */
@inline
export function isKey(at: u32, key: u32): bool {
  const length = lengthOf(key)
  if (length > HEAD_BYTES) return isLongKey(at, key)
  const mask = MASK_AT + HEAD_BYTES - length
  const a = v128.and(v128.xor(block(at), v128.load(key)), v128.load(mask))
  const b = v128.and(v128.xor(block(at + 16), v128.load(key, 16)), v128.load(mask, 16))
  return !v128.any_true(v128.or(a, b))
}

/** The last block overlaps the one before it. */
function isLongKey(at: u32, key: u32): bool {
  const length = lengthOf(key)
  const text = load<u32>(key, HEAD_BYTES + 4)
  for (let k: u32 = 0; k < length; k += 16) {
    const from = min(k, length - 16)
    if (v128.any_true(v128.xor(block(at + from), v128.load(text + from)))) return false
  }
  return true
}

/** Remembers the keys of the line: they are what is in front of its values. */
export function learn(tokensEnd: u32): void {
  let at: u32 = 1
  let key = KEYS_AT
  let text = LONG_KEYS_AT
  for (let token = TOKENS_AT; token < tokensEnd; token += TOKEN_BYTES) {
    const length = load<u32>(token) - at
    v128.store(key, block(at))
    v128.store(key, block(at + 16), 16)
    store<u32>(key, length, HEAD_BYTES)
    store<u32>(key, text, HEAD_BYTES + 4)
    if (length > HEAD_BYTES) {
      memory.copy(text, LINE_AT + at, length)
      text += length
    }
    key += KEY_BYTES
    at = load<u32>(token, 4) + 1
  }
  keysEnd = key
}
