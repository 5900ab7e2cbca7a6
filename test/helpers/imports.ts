import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** All files that importing one reaches, and what they import besides. Types count: the declarations are published as well. */
export function reachedFrom(entry: string) {
  const files = [entry]
  const others = new Set<string>()
  for (const file of files) {
    if (!file.endsWith('.ts')) continue
    const source = readFileSync(join(root, file), 'utf8')
    for (const [, from = 'a dynamic import'] of source.matchAll(
      /^(?:import|export|\})(?:[^'\n]* from)? '([^']+)'|import\(/gm,
    )) {
      const to = relative(root, join(root, dirname(file), from))
      if (!from.startsWith('.')) others.add(from)
      else if (!files.includes(to)) files.push(to)
    }
  }
  return { files, others: [...others] }
}
