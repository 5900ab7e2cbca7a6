import { EMPTY_ARRAY, EMPTY_OBJECT, EMPTY_STRING, LARGE, LEFT_OUT, NULL, REPLACED } from './kinds'
import {
  KEPT_AT,
  LINE_AT,
  MEMBER_BYTES,
  REPLACED_AT,
  SPECIAL_AT,
  TAKEN_AT,
  TARGETS_AT,
  TOKEN_BYTES,
  TOKENS_AT,
  VALUE_BYTES,
  VALUES_AT,
} from './layout'
import { CLOSE, COMMA, OPEN } from './line'
import { OUT_END, put, putValue } from './text'

/** More than the signs around a key and its value take; `put` looks after these. */
const SIGN_ROOM: u32 = 1024

/** Never written: `null`, `""`, `[]`, `{}`, and what the caller leaves out. */
const NOTHING: u32 = (1 << EMPTY_STRING) | (1 << NULL) | (1 << EMPTY_ARRAY) | (1 << EMPTY_OBJECT) | (1 << LEFT_OUT)
/** Not written as it stands in the line. */
const CHANGED: u32 = (1 << LARGE) | (1 << REPLACED)

/** Flag of a kept member. */
const DROPPED: u32 = 1

/** The whole line, its large integers as strings. @returns the end of it, 0 where it might not fit */
export function wholeLine(to: u32, length: u32): u32 {
  const specialEnd: u32 = SPECIAL_AT + 4 + load<u32>(SPECIAL_AT) * 4
  let done: u32 = 0
  for (let special: u32 = SPECIAL_AT + 4; special < specialEnd; special += 4) {
    const member = load<u32>(special)
    const token: u32 = TOKENS_AT + member * TOKEN_BYTES
    const kind = load<u32>(token, 8)
    if (!((CHANGED >> kind) & 1)) continue
    to = put(to, LINE_AT + done, load<u32>(token) - done)
    if (!to) return 0
    to = valueOf(to, member, token, kind)
    if (!to) return 0
    done = load<u32>(token, 4)
  }
  return put(to, LINE_AT + done, length - done)
}

@inline
function valueOf(to: u32, member: u32, token: u32, kind: u32): u32 {
  const replaced: u32 = REPLACED_AT + member * VALUE_BYTES
  if (kind == REPLACED) return put(to, load<u32>(replaced), load<i32>(replaced, 4))
  const start = load<u32>(token)
  const length: i32 = load<u32>(token, 4) - start
  return put(to, LINE_AT + start, kind == LARGE ? -length : length)
}

/**
 * An object of the members that are not left out, one run of bytes where they follow each other as they are, and of the targets that have a
 * value. @returns the end of it, `to` where nothing is in it, 0 where it might not fit
 */
export function keptMembers(to: u32, members: u32, targets: u32): u32 {
  const begin = to
  let sign: u32 = OPEN
  let runStart: u32 = 0 // none: no member begins there
  let runEnd: u32 = 0
  let start: u32 = 1 // of the member, with its key
  for (let member: u32 = 0; member < members; member++) {
    const token: u32 = TOKENS_AT + member * TOKEN_BYTES
    const kept: u32 = KEPT_AT + member * MEMBER_BYTES
    const kind = load<u32>(token, 8)
    const end = load<u32>(token, 4)
    const field = load<i32>(kept)
    const isTaken = field >= 0 ? u32(load<u8>(TAKEN_AT + field)) : 0
    const keyLength = load<u32>(kept, 12)
    const isOut = isTaken | ((NOTHING >> kind) & 1) | (load<u32>(kept, 4) & DROPPED)
    const isChanged = ((CHANGED >> kind) & 1) | u32(keyLength != 0)
    if (!isOut && !isChanged) {
      if (!runStart) {
        if (to > OUT_END - SIGN_ROOM) return 0
        store<u8>(to++, sign)
        sign = COMMA
        runStart = start
      }
      runEnd = end
    } else {
      if (runStart) {
        to = put(to, LINE_AT + runStart, runEnd - runStart)
        if (!to) return 0
        runStart = 0
      }
      if (!isOut) {
        if (to > OUT_END - SIGN_ROOM) return 0
        store<u8>(to++, sign)
        sign = COMMA
        to = keyLength ? put(to, load<u32>(kept, 8), keyLength) : put(to, LINE_AT + start, load<u32>(token) - start)
        if (!to) return 0
        to = valueOf(to, member, token, kind)
        if (!to) return 0
      }
    }
    start = end + 1
  }
  if (runStart) {
    to = put(to, LINE_AT + runStart, runEnd - runStart)
    if (!to) return 0
  }
  for (let target: u32 = 0; target < targets; target++) {
    const entry: u32 = TARGETS_AT + target * MEMBER_BYTES
    const value: u32 = VALUES_AT + load<u32>(entry) * VALUE_BYTES
    const length = load<i32>(value, 4)
    if (!length) continue
    if (to > OUT_END - SIGN_ROOM) return 0
    store<u8>(to++, sign)
    sign = COMMA
    to = put(to, load<u32>(entry, 8), load<i32>(entry, 12))
    if (!to) return 0
    to = putValue(to, load<u32>(value), length)
    if (!to) return 0
  }
  if (to == begin) return to
  if (to > OUT_END - SIGN_ROOM) return 0
  store<u8>(to, CLOSE)
  return to + 1
}
