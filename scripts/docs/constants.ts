import type { AnyTable } from '../../src/mapper/dataset.ts'
import { ECS_VERSION } from '../../src/mapper/ecs.ts'
import { code, codes, table } from './markdown.ts'

const NAMES: Readonly<Record<string, string>> = {
  category: 'event.category',
  type: 'event.type',
  kind: 'event.kind',
  observer: 'observer.type',
}

function valueInWords(value: unknown): string {
  if (!Array.isArray(value)) return code(String(value))
  return value.length === 0 ? code('[]') : codes(value)
}

function rowsOf(fixed: object, mark: string): string[][] {
  return Object.entries(fixed).map(([key, value]) => [mark + code(NAMES[key] ?? key), valueInWords(value)])
}

/** The constants of a table, and those of every event. */
export function constantsTable({ name, published, fixed, fields, additions }: AnyTable): string {
  const { kind = 'event', ...own } = fixed
  const mark = published === undefined ? '' : '+ '
  const named = fields.filter(([, to]) => to === 'event.module').flatMap(([from]) => from)
  const module = code('cloudflare') + (named.length > 0 ? `, without ${codes(named)}` : '')
  return table(
    ['field', 'value'],
    [
      ...rowsOf({ 'event.dataset': published?.dataset ?? name, ...own, 'observer.vendor': 'Cloudflare' }, ''),
      ...rowsOf(additions?.fixed ?? {}, '+ '),
      ...rowsOf({ kind, 'ecs.version': ECS_VERSION }, fixed.kind === undefined ? mark : ''),
      // A default: a field goes before it.
      [mark + code('event.module'), module],
    ],
  )
}
