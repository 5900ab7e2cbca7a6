import type { FieldRow } from './field-rows.ts'
import { code, codes, link, page, section, table } from './markdown.ts'

interface Entry {
  /** Or a key below it that the table reads. */
  readonly field: string
  readonly dataset: string
  /** What becomes of it, in one cell. */
  readonly becomes: string
}

/** The keys below a field that a table reads; the values become what the uses say. */
function keysOf(dataset: string, { uses }: FieldRow): Entry[] {
  const pairs = uses.flatMap(({ paths, targets }) => paths.map(path => ({ path, targets })))
  const keys = Map.groupBy(
    pairs.filter(({ path }) => path.includes('.')),
    ({ path }) => path,
  )
  return [...keys].map(([field, same]) => ({
    field,
    dataset,
    becomes: codes([...new Set(same.flatMap(({ targets }) => targets))]),
  }))
}

function entryOf(dataset: string, { field, uses, isDropped }: FieldRow): Entry {
  const targets = codes([...new Set(uses.flatMap(use => use.targets))])
  return { field, dataset, becomes: targets || (isDropped ? 'dropped' : code(`cloudflare.${field}`)) }
}

function compare(a: string, b: string): number {
  const lower = a.toLowerCase() < b.toLowerCase() ? -1 : Number(a.toLowerCase() > b.toLowerCase())
  return lower || (a < b ? -1 : Number(a > b))
}

/** The name stands in the first row; another one for each other thing that becomes of it. */
function rowsOf([field, entries]: readonly [string, readonly Entry[]]): string[][] {
  return [...Map.groupBy(entries, entry => entry.becomes)].map(([becomes, same], i) => [
    i === 0 ? code(field) : '',
    becomes,
    same.map(({ dataset }) => link(dataset, `${dataset}.md`)).join(', '),
  ])
}

/** Every field of every dataset by the alphabet. */
export function fieldsPage(datasets: readonly { readonly name: string; readonly rows: readonly FieldRow[] }[]): string {
  const entries = datasets.flatMap(({ name, rows }) => rows.flatMap(row => [entryOf(name, row), ...keysOf(name, row)]))
  const fields = [...Map.groupBy(entries, entry => entry.field)].sort(([a], [b]) => compare(a, b))
  const letters = Map.groupBy(fields, ([field]) => field[0]!.toUpperCase())
  return page(
    'All fields',
    `${fields.length} names, deprecated, legacy and other spellings among them, and keys below a field that a table reads (\`Metadata.zone_name\`). See also ${link('all datasets', 'README.md')}.`,
    [...letters.keys()].map(letter => link(letter, `#${letter.toLowerCase()}`)).join(' '),
    ...[...letters].map(([letter, group]) => section(letter, table(['field', 'becomes', 'in'], group.flatMap(rowsOf)))),
  )
}
