import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const src = join(import.meta.dirname, '../src')

/** Which rooms of src/ a room may import from, besides itself. Files directly in src/ count by their own name. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  'errors.ts': [],
  'metrics.ts': [],
  'settings.ts': ['mapper/event-id.ts'],
  'config.ts': ['settings.ts', 'mapper/event-id.ts'],
  decode: ['lib', 'errors.ts'],
  mapper: ['lib', 'errors.ts'],
  datasets: ['mapper'],
  package: ['decode', 'mapper', 'datasets', 'lib'],
  'package.ts': ['package', 'decode', 'mapper', 'datasets'],
  spool: ['lib', 'errors.ts'],
  sinks: ['lib', 'errors.ts'],
  http: ['spool', 'lib', 'errors.ts', 'metrics.ts'],
  scan: [],
  splice: ['scan', 'decode', 'mapper', 'lib'],
  templates: ['datasets', 'mapper'],
  control: ['delivery', 'spool', 'lib', 'errors.ts'],
  delivery: ['spool', 'decode', 'mapper', 'datasets', 'splice', 'lib', 'errors.ts', 'metrics.ts', 'sinks/sink.ts'],
}

interface Import {
  readonly from: string
  readonly to: string
}

function imports(): Import[] {
  return globSync('**/*.ts', { cwd: src }).flatMap(file => {
    const source = readFileSync(join(src, file), 'utf8')
    return [...source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(match => ({
      from: file,
      to: relative(src, join(src, dirname(file), match[1] as string)),
    }))
  })
}

const roomOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file)

describe('the layers of src/', () => {
  const all = imports()

  it('are walked by enough imports for this test to mean something', () => {
    expect(all.length).toBeGreaterThan(50)
  })

  for (const [room, allowed] of Object.entries(ALLOWED)) {
    it(`${room} imports only from ${allowed.join(', ') || 'nobody'}`, () => {
      const wrong = all
        .filter(({ from, to }) => roomOf(from) === room && roomOf(to) !== room)
        .filter(({ to }) => !allowed.includes(roomOf(to)) && !allowed.includes(to))
      expect(wrong).toEqual([])
    })
  }

  it('read the environment only in main.ts', () => {
    const readers = globSync('**/*.ts', { cwd: src }).filter(file =>
      /process\.env|NODE_ENV/.test(readFileSync(join(src, file), 'utf8')),
    )
    expect(readers).toEqual(['main.ts'])
  })
})
