import { type Ask, memberOf, reasonOf, ServerError } from './server.ts'

const PATH =
  '/_index_template?filter_path=index_templates.name,index_templates.index_template.index_patterns,index_templates.index_template.data_stream,index_templates.index_template.priority'
/** Elasticsearch's own for `logs-*-*`, which maps whatever comes. */
const BUILT_IN = 'logs'

/**
 * Whether a data stream of that name is there, or would be made by a template that somebody put there for it. Rejects with ServerError
 * where the server does not tell.
 */
export async function hasStreamTemplate(ask: Ask, stream: string): Promise<boolean> {
  const there = await ask('GET', `/_data_stream/${encodeURIComponent(stream)}`)
  const streams = memberOf(there.body, 'data_streams')
  if (there.status === 200 && Array.isArray(streams) && streams.length > 0) return true
  const { status, body } = await ask('GET', PATH)
  if (status !== 200) throw new ServerError(status, 'GET /_index_template', reasonOf(body))
  const templates = memberOf(body, 'index_templates')
  if (!Array.isArray(templates)) return false
  const [chosen] = templates
    .filter(each => patternsOf(each).some(pattern => matches(pattern, stream)))
    .sort((a, b) => priorityOf(b) - priorityOf(a))
  if (chosen === undefined || memberOf(chosen, 'name') === BUILT_IN) return false
  return memberOf(chosen, 'index_template', 'data_stream') !== undefined
}

function patternsOf(template: unknown): string[] {
  const patterns = memberOf(template, 'index_template', 'index_patterns')
  return Array.isArray(patterns) ? patterns.filter(pattern => typeof pattern === 'string') : []
}

const priorityOf = (template: unknown): number => Number(memberOf(template, 'index_template', 'priority') ?? 0)

/** `*` stands for anything, as in the servers' patterns. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name)
}
