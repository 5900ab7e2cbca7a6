import { markOf } from './installed.ts'
import { type Naming, STREAM_PREFIX, targetOf, templateName } from './naming.ts'
import { type Ask, memberOf, reasonOf, ServerError } from './server.ts'
import { MANAGED_BY, TEMPLATES_VERSION } from './templates.ts'

export type TemplateState = 'present' | 'outdated' | 'missing' | 'unknown'

/**
 * Whether the server has the template that the dataset's events need. `outdated`: ours, of an older version; it serves. One that is not
 * ours counts as present: an operator put it there. `unknown`: the service may not ask (403), and there is no data stream yet that
 * would tell. Rejects with ServerError for any other answer.
 */
export async function checkTemplate(ask: Ask, naming: Naming, dataset: string): Promise<TemplateState> {
  const name = templateName(naming, dataset)
  const path = `/_index_template/${encodeURIComponent(name)}?filter_path=index_templates.index_template._meta`
  const { status, body } = await ask('GET', path)
  if (status === 404) return 'missing'
  if (status === 403) return checkStream(ask, naming, dataset)
  if (status !== 200) throw new ServerError(status, `GET ${path}`, reasonOf(body))
  const mark = markOf(memberOf(body, 'index_templates', 0, 'index_template', '_meta'))
  return mark.managed_by === MANAGED_BY && Number(mark.version) < TEMPLATES_VERSION ? 'outdated' : 'present'
}

/** A data stream tells by which template it was made, to anyone who may look at the stream. */
async function checkStream(ask: Ask, naming: Naming, dataset: string): Promise<TemplateState> {
  if (naming.kind !== 'data-streams') return 'unknown'
  const { status, body } = await ask('GET', `/_data_stream/${targetOf(naming, dataset)}`)
  const template = memberOf(body, 'data_streams', 0, 'template')
  if (status !== 200 || typeof template !== 'string') return 'unknown'
  return template.startsWith(STREAM_PREFIX) ? 'present' : 'missing'
}
