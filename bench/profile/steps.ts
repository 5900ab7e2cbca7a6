import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The steps of a profile, in the order of the walk. */
export const STEPS = [
  'HTTP',
  'inflate',
  'spool',
  'parse',
  'map',
  'encode',
  'hand over',
  'drain',
  'write',
  'garbage collection',
  'native, no function',
  'rest',
  'idle',
] as const
export type Step = (typeof STEPS)[number]

/** The engine's own entries. */
const ENGINE: ReadonlyMap<string, Step> = new Map([
  ['(idle)', 'idle'],
  ['(garbage collector)', 'garbage collection'],
  ['(program)', 'native, no function'],
])

/** Which step a file belongs to; the first that fits. What fits none (node:internal/fs, a buffer's methods) counts for its caller. */
const FILES: readonly (readonly [pattern: RegExp, step: Step])[] = [
  [/^src\/lib\/inflate|^src\/http\/inspect|^node:zlib/, 'inflate'],
  [/^src\/(decode|scan\/(?!joiner))/, 'parse'],
  [/^src\/(mapper|datasets)\//, 'map'],
  [
    /^src\/(splice\/|scan\/joiner)|^src\/delivery\/(line-mapper|encode|forms|piece-builder|pieces|transform|statistics|text|bytes|write|output)/,
    'encode',
  ],
  [
    /^src\/delivery\/(pool|worker|reading|protocol|slots)|^node:internal\/(worker|per_context\/messageport)/,
    'hand over',
  ],
  [/^src\/delivery\//, 'drain'],
  [/^src\/(spool|lib\/(files|group|durable-folder|new-file|whole-file))/, 'spool'],
  [/^src\/sinks\//, 'write'],
  [/^src\/(http|app|metrics)|node_modules\/|^node:(_http|net|internal\/(streams|stream_base|http))/, 'HTTP'],
]

/** A function as the profile names it, with a path from the checkout's root. */
export interface Frame {
  readonly name: string
  readonly file: string
  readonly line: number
}

/** @returns undefined where the caller decides */
export function stepOf({ name, file }: Frame): Step | undefined {
  return ENGINE.get(name) ?? FILES.find(([pattern]) => pattern.test(file))?.[1]
}

export function fileOf(url: string): string {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url
  return path.startsWith(root) ? path.slice(root.length) : path
}
