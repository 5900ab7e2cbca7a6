/**
 * Walks over JSON text without building values. Everything here takes text that JSON.parse accepts and says nothing sensible about
 * other text.
 */

const QUOTE = 34
const BACKSLASH = 92

/** @returns the index behind the string that begins at `start` */
export function skipString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return end + 1
  }
}

/** @returns the index of the first character at or behind `start` that is no white space */
export function skipSpace(text: string, start: number): number {
  let i = start
  while (isSpace(text.charCodeAt(i))) i++
  return i
}

/** @returns the index behind the value that begins at `start` */
export function skipValue(text: string, start: number): number {
  let depth = 0
  let i = start
  do {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = skipString(text, i)
    else {
      if (code === 0x7b || code === 0x5b) depth++
      else if (code === 0x7d || code === 0x5d) depth--
      i++
      if (depth === 0 && isScalar(code)) while (isScalar(text.charCodeAt(i))) i++
    }
  } while (depth > 0)
  return i
}

/**
 * @returns the text with those numbers as strings that a double cannot hold: integers written in digits alone outside
 * ±(2^53-1), and what would be infinite
 */
export function quoteLargeNumbers(text: string): string {
  const parts: string[] = []
  let copied = 0
  let i = 0
  while (i < text.length) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = skipString(text, i)
    else if (code !== 0x2d && !isDigit(code)) i++
    else {
      const start = i
      while (isNumberPart(text.charCodeAt(i))) i++
      const number = text.slice(start, i)
      if (!fitsDouble(number)) {
        parts.push(text.slice(copied, start), '"', number, '"')
        copied = i
      }
    }
  }
  return copied === 0 ? text : parts.join('') + text.slice(copied)
}

export const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

function fitsDouble(number: string): boolean {
  const value = Number(number)
  return Number.isSafeInteger(value) || (Number.isFinite(value) && /[.eE]/.test(number))
}

function isNumberPart(code: number): boolean {
  return isDigit(code) || code === 0x2d || code === 0x2b || code === 0x2e || code === 0x65 || code === 0x45
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** A character of a number, true, false or null. */
function isScalar(code: number): boolean {
  return isNumberPart(code) || (code >= 0x61 && code <= 0x7a)
}
