import { type Ask, memberOf, reasonOf, ServerError } from './server.ts'
import { type Document, MANAGED_BY, type Retention, TEMPLATES_VERSION } from './templates.ts'

/** What an installed document says of itself. */
export interface Mark {
  readonly managed_by: unknown
  readonly version: unknown
  readonly digest: unknown
  readonly retention_days: unknown
}

/** What is installed already, by name. */
export type Marks = ReadonlyMap<string, Mark>

const LISTS = {
  component: { key: 'component_templates', path: '_component_template', body: 'component_template' },
  template: { key: 'index_templates', path: '_index_template', body: 'index_template' },
} as const

export function markOf(value: unknown): Mark {
  return {
    managed_by: memberOf(value, 'managed_by'),
    version: memberOf(value, 'version'),
    digest: memberOf(value, 'digest'),
    retention_days: memberOf(value, 'retention_days'),
  }
}

export async function marksOf(ask: Ask, kind: 'component' | 'template', prefix: string): Promise<Marks> {
  const { key, path, body: inner } = LISTS[kind]
  const filter = `${key}.name,${key}.${inner}._meta`
  const request = `/${path}/${encodeURIComponent(prefix)}*?filter_path=${filter}`
  const { status, body } = await ask('GET', request)
  if (status === 404) return new Map()
  if (status !== 200) throw new ServerError(status, `GET ${request}`, reasonOf(body))
  const list = memberOf(body, key)
  const entries: readonly unknown[] = Array.isArray(list) ? list : []
  return new Map(entries.map(entry => [String(memberOf(entry, 'name')), markOf(memberOf(entry, inner, '_meta'))]))
}

export type Outcome = 'created' | 'updated' | 'unchanged' | 'left'

export function outcomeOf(installed: Mark | undefined, document: Document): Outcome {
  if (installed === undefined) return 'created'
  if (installed.managed_by !== MANAGED_BY || Number(installed.version) > TEMPLATES_VERSION) return 'left'
  const ours = markOf(memberOf(document.body, '_meta'))
  return installed.digest === ours.digest && installed.version === ours.version ? 'unchanged' : 'updated'
}

export function whyLeft(name: string, mark: Mark | undefined): string {
  return mark?.managed_by === MANAGED_BY
    ? `${name} was installed by a newer version (${mark.version}; this one has ${TEMPLATES_VERSION}): left as it is.`
    : `${name} is there, and not managed by ${MANAGED_BY}: left as it is.`
}

/** What an earlier run was told. */
export function retentionOf(marks: Marks): Retention | undefined {
  const known = [...marks.values()].find(mark => mark.managed_by === MANAGED_BY && mark.retention_days !== undefined)
  const days = known?.retention_days
  return typeof days === 'number' || days === 'forever' ? days : undefined
}
