import type { AnyTable, Copy, Drop } from '../../src/mapper/dataset.ts'
import { decidedBy } from './conditions.ts'
import { code, codes } from './markdown.ts'
import type { DatasetSource } from './source.ts'
import { argumentsOf, isEcs, type Use, usesOf } from './uses.ts'

/** All that a page says of one field. */
export interface FieldRow {
  readonly field: string
  readonly type: string
  readonly status: 'documented' | 'deprecated' | 'legacy' | 'other spelling'
  readonly uses: readonly Use[]
  /** Whether an ECS field is made of it. */
  readonly isMapped: boolean
  /** Neither mapped nor below `cloudflare`: in the line only. */
  readonly isDropped: boolean
  /** What else becomes of it. */
  readonly notes: readonly string[]
}

type AnyCopy = Copy<Readonly<Record<string, unknown>>>
type AnyDrop = Drop<Readonly<Record<string, unknown>>>

function copyIn(copies: readonly AnyCopy[] | '*' | undefined, field: string, isMapped: boolean): string | undefined {
  if (copies === undefined || copies === '*') return undefined
  const copy = copies.find(copy => (typeof copy === 'string' ? copy : copy.field) === field)
  if (copy === undefined) return undefined
  if (typeof copy === 'string') return isMapped ? 'kept too' : 'kept'
  return copy.as === undefined ? 'kept as text' : `kept as ${code(copy.as)}`
}

function dropIn(drops: readonly AnyDrop[] | undefined, field: string): string | undefined {
  const drop = drops?.find(drop => (typeof drop === 'string' ? drop : drop.field) === field)
  if (drop === undefined) return undefined
  return typeof drop === 'string' ? 'dropped' : `dropped where ${code(drop.onlyKey)} is its only key`
}

/** Whether a mapped field is below `cloudflare` as well, by its converters. */
function keptByUse(uses: readonly Use[]): string | undefined {
  if (uses.length === 0 || uses.some(use => use.keeps === 'never')) return undefined
  return uses.every(use => use.keeps === 'always') ? 'kept too' : 'kept too if part of it was left out'
}

function keepNotes(table: AnyTable, field: string, uses: readonly Use[]): string[] {
  const { copy, drop, additions } = table
  if (copy === '*') return []
  const mapped = uses.filter(isEcs)
  const isMapped = mapped.length > 0
  const first = copyIn(copy, field, isMapped) ?? dropIn(drop, field) ?? keptByUse(mapped)
  const later = copyIn(additions?.copy, field, isMapped)
  return [first, later && `+ ${later}`].filter(note => note !== undefined)
}

function relatedNotes(related: AnyTable['related'], field: string, mark: string): string[] {
  return Object.entries(related ?? {})
    .filter(([, fields]) => fields.includes(field))
    .map(([kind]) => `${mark}also in ${code(`related.${kind}`)}`)
}

/** What a table makes of keys below a field, other than ECS fields. */
const vendorNotes = (uses: readonly Use[]) =>
  uses.filter(use => !isEcs(use)).map(({ targets, conversion }) => `${codes(targets)}: ${conversion}`)

const targetsFor = (pairs: readonly (readonly [string, string])[], field: string) => [
  ...new Set(pairs.filter(([name]) => name === field).map(([, target]) => code(target))),
]

function notesOf(table: AnyTable, field: string, uses: readonly Use[]): string[] {
  const { when, additions, related, community } = table
  const decided = (rows: AnyTable['when'], mark: string) =>
    targetsFor(decidedBy(rows), field).map(target => `${mark}decides ${target}`)
  const isIcmp = typeof community === 'object' && community.icmp.includes(field)
  return [
    ...keepNotes(table, field, uses),
    ...vendorNotes(uses),
    ...decided(when, ''),
    ...decided(additions?.when, '+ '),
    ...relatedNotes(related, field, ''),
    ...relatedNotes(additions?.related, field, '+ '),
    ...targetsFor(argumentsOf(table), field).map(target => `helps to make ${target}`),
    ...(isIcmp ? [`helps to make ${code('network.community_id')}`] : []),
  ]
}

/** A row for every field: the documented ones in the vendor's order, then legacy ones, then other spellings. */
export function fieldRows(source: DatasetSource): FieldRow[] {
  const uses = Map.groupBy(usesOf(source.table), use => use.field)
  const row = (status: FieldRow['status']) => {
    return ([field, type]: [string, string]): FieldRow => {
      const own = uses.get(field) ?? []
      const isMapped = own.some(isEcs)
      const notes = notesOf(source.table, field, own)
      return { field, type, status, uses: own, isMapped, isDropped: !isMapped && notes.includes('dropped'), notes }
    }
  }
  return [
    ...[...source.fields].map(([field, type]) =>
      row(source.deprecated.includes(field) ? 'deprecated' : 'documented')([field, type]),
    ),
    ...[...source.legacy].map(row('legacy')),
    ...[...source.spellings].map(row('other spelling')),
  ]
}

export const isDocumented = ({ status }: FieldRow) => status === 'documented' || status === 'deprecated'

export interface Counts {
  readonly fields: number
  readonly mapped: number
  readonly kept: number
  readonly dropped: number
}

/** Of the documented fields. */
export function countsOf(rows: readonly FieldRow[]): Counts {
  const documented = rows.filter(isDocumented)
  const mapped = documented.filter(row => row.isMapped).length
  const dropped = documented.filter(row => row.isDropped).length
  return { fields: documented.length, mapped, kept: documented.length - mapped - dropped, dropped }
}
