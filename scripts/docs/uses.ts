import { always, type Converter, type NamesConverter, type SetConverter } from '../../src/mapper/converter.ts'
import type { AnyTable } from '../../src/mapper/dataset.ts'
import { isArrayTarget } from '../../src/mapper/layout.ts'
import type { Json } from '../../src/mapper/types.ts'
import { code, codes } from './markdown.ts'

/** One thing that a table makes of a field. */
export interface Use {
  readonly field: string
  /** What of the field is read: itself, or keys below it (`Raw.status_code`). */
  readonly paths: readonly string[]
  /** ECS names, or `url.*` for a set of many. */
  readonly targets: readonly string[]
  readonly conversion: string
  /** The name of the converter, by which the index explains it. */
  readonly converter: string
  readonly isAddition: boolean
  /** Whether the field itself is kept below `cloudflare` nevertheless. */
  readonly keeps: 'always' | 'partly' | 'never'
}

/** Whether it makes an ECS field, not one more below `cloudflare`. */
export const isEcs = ({ targets }: Use) => !targets[0]!.startsWith('cloudflare.')

type By = Converter<Json, string> | SetConverter<string> | NamesConverter<string>
type AnyRule = readonly [from: string | readonly string[], to: string | readonly string[], by: By]

const rulesOf = (rules: AnyTable['fields'] | undefined) => (rules ?? []) as unknown as readonly AnyRule[]
const listOf = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value)
const fieldOf = (path: string) => path.split('.')[0]!
/** A set with more parts is written `url.*`. */
const MAX_PARTS = 4

function targetsOf(to: string | readonly string[], by: By): readonly string[] {
  if (!('parts' in by) || by.parts.length > MAX_PARTS) return listOf(to)
  return by.parts.map(part => String(to).slice(0, -1) + part)
}

function keepsOf(by: By, isBelow: boolean): Use['keeps'] {
  if (isBelow || ('keeps' in by && by.keeps === always)) return 'always'
  return 'keeps' in by && by.keeps !== undefined ? 'partly' : 'never'
}

function whereFrom(paths: readonly string[]): string {
  if (paths.length > 1) return `, the first of ${codes(paths)}`
  return paths[0]!.includes('.') ? `, from ${code(paths[0]!)}` : ''
}

/** The fields that win over a rule, by the targets for which they do. */
type Winners = ReadonlyMap<string, readonly string[]>

/** For each rule the fields of those before it that set a target of its own. Arrays collect: there nothing wins. */
function winnersOf(rules: readonly AnyRule[]): Winners[] {
  const before = new Map<string, string[]>()
  return rules.map(([from, to, by]) => {
    const targets = 'parts' in by ? by.parts.map(part => String(to).slice(0, -1) + part) : listOf(to)
    const singles = targets.filter(target => !isArrayTarget(target))
    const winners = new Map(singles.map(target => [target, before.get(target) ?? []]))
    for (const target of singles) before.set(target, [...new Set([...winners.get(target)!, ...listOf(from)])])
    return winners
  })
}

function afterWhich(winners: Winners): string {
  const groups = [...Map.groupBy(winners, ([, fields]) => codes(fields))]
  return groups
    .filter(([fields]) => fields !== '')
    .map(([fields, same]) => {
      const targets = groups.length > 1 ? `${codes(same.map(([target]) => target))} ` : ''
      return `; ${targets}after ${fields}`
    })
    .join('')
}

function usesOfRule([from, to, by]: AnyRule, winners: Winners, isAddition: boolean): Use[] {
  const paths = listOf(from)
  return [...new Set(paths.map(fieldOf))].map(field => ({
    field,
    paths: paths.filter(path => fieldOf(path) === field),
    targets: targetsOf(to, by),
    conversion: by.name + whereFrom(paths) + afterWhich(winners),
    converter: by.name,
    isAddition,
    keeps: keepsOf(by, !paths.includes(field)),
  }))
}

/** Documented as milliseconds whatever the job's timestamp format is. */
const MILLISECONDS = 'EventTimestampMs'

export const TIMES = { time: '@timestamp', start: 'event.start', end: 'event.end' } as const

function usesOfTimes(times: AnyTable['time']): Use[] {
  return Object.entries(TIMES).flatMap(([key, target]) => {
    const fields = times?.[key as keyof typeof TIMES] ?? []
    return fields.map(field => ({
      field,
      paths: [field],
      targets: [target],
      conversion: (field === MILLISECONDS ? 'time, always milliseconds' : 'time') + whereFrom(fields),
      converter: 'time',
      isAddition: false,
      keeps: 'never' as const,
    }))
  })
}

/** What the table makes of its fields, in the order of its rows. */
export function usesOf({ time, fields, additions }: AnyTable): Use[] {
  const published = rulesOf(fields)
  const rules = [...published, ...rulesOf(additions?.fields)]
  const winners = winnersOf(rules)
  return [...usesOfTimes(time), ...rules.flatMap((rule, i) => usesOfRule(rule, winners[i]!, i >= published.length))]
}

/** The fields that converters take as further arguments, with the targets that these make. */
export function argumentsOf({ fields, additions }: AnyTable): [field: string, target: string][] {
  return [...rulesOf(fields), ...rulesOf(additions?.fields)].flatMap(([, to, by]) =>
    ('args' in by ? (by.args ?? []) : []).map((field): [string, string] => [field, listOf(to).join(', ')]),
  )
}
