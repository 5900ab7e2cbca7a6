import { skipSpace, skipString, skipValue } from './json-text.ts'

/** Takes the text of a JSON object and gives it without some members; the same string when it has none of them. */
export type FieldDropper = (text: string) => string

/**
 * Cuts members out of the text of a record, so that neither the record nor the kept line has them. All else stays byte for byte.
 *
 * A path is a member's name, or names with dots between for members of objects (`RequestHeaders.authorization`), whether the dot
 * separates two names or is part of one; an array on the way stands for each of its objects. Names are compared without regard to
 * case. Where a name occurs twice both go.
 *
 * @returns undefined when there is nothing to drop
 */
export function createFieldDropper(paths: readonly string[]): FieldDropper | undefined {
  const wanted = paths.map(path => path.toLowerCase())
  if (wanted.length === 0) return undefined
  const firstNames = wanted.flatMap(path => prefixesOf(path)).map(name => RegExp.escape(name))
  // A name may be spelled with escapes, so a text that has any is always gone through.
  const perhaps = new RegExp(`\\\\|"(?:${firstNames.join('|')})"`, 'iu')
  return text => {
    if (!perhaps.test(text)) return text
    const start = skipSpace(text, 0)
    const value = cutValue(text, start, wanted)
    return value.text === undefined ? text : text.slice(0, start) + value.text + text.slice(value.end)
  }
}

/** `a.b.c` gives `a`, `a.b` and `a.b.c`: each may be the name of one member. */
function prefixesOf(path: string): string[] {
  const names = path.split('.')
  return names.map((_, i) => names.slice(0, i + 1).join('.'))
}

interface Cut {
  /** Index behind the value in the source. */
  readonly end: number
  /** What is left, if anything was cut. */
  readonly text: string | undefined
}

/** Recursion is bounded by MAX_DEPTH: only records that parseRecord took come here. */
function cutValue(text: string, start: number, paths: readonly string[]): Cut {
  const first = text[start]
  if (first === '{') return cutMembers(text, start, paths)
  if (first === '[') return cutItems(text, start, paths)
  return { end: skipValue(text, start), text: undefined }
}

function cutMembers(text: string, start: number, paths: readonly string[]): Cut {
  const kept: string[] = []
  let changed = false
  let end = start
  for (let from = start + 1; text[end] !== '}'; from = end + 1) {
    const key = skipSpace(text, from)
    if (text[key] === '}') {
      end = key
      break
    }
    const member = cutMember(text, key, paths)
    end = skipSpace(text, member.end)
    if (member.text !== undefined) changed = true
    if (member.text !== '')
      kept.push(text.slice(from, key) + (member.text ?? text.slice(key, member.end)) + text.slice(member.end, end))
  }
  return { end: end + 1, text: changed ? `{${kept.join(',')}}` : undefined }
}

/** @returns text `''` where the whole member goes */
function cutMember(text: string, key: number, paths: readonly string[]): Cut {
  const keyEnd = skipString(text, key)
  const value = skipSpace(text, skipSpace(text, keyEnd) + 1)
  const name = nameOf(text.slice(key, keyEnd))
  if (paths.includes(name)) return { end: skipValue(text, value), text: '' }
  const below = paths.filter(path => path.startsWith(`${name}.`)).map(path => path.slice(name.length + 1))
  if (below.length === 0) return { end: skipValue(text, value), text: undefined }
  const cut = cutValue(text, value, below)
  return { end: cut.end, text: cut.text === undefined ? undefined : text.slice(key, value) + cut.text }
}

function cutItems(text: string, start: number, paths: readonly string[]): Cut {
  let left = '['
  let changed = false
  let end = start
  while (text[end] !== ']') {
    const item = skipSpace(text, end + 1)
    if (text[item] === ']') {
      left += text.slice(end + 1, item)
      end = item
      break
    }
    const cut = cutValue(text, item, paths)
    if (cut.text !== undefined) changed = true
    const next = skipSpace(text, cut.end)
    left += text.slice(end + 1, item) + (cut.text ?? text.slice(item, cut.end)) + text.slice(cut.end, next)
    if (text[next] === ',') left += ','
    end = next
  }
  return { end: end + 1, text: changed ? `${left}]` : undefined }
}

function nameOf(quoted: string): string {
  const name = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
  return name.toLowerCase()
}
