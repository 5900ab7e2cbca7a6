import { installPolicy } from './install-policy.ts'
import { marksOf, type Outcome, outcomeOf, retentionOf, whyLeft } from './installed.ts'
import { COMPONENT_PREFIX, templatePrefix } from './naming.ts'
import { type Ask, memberOf, put, reasonOf, ServerError } from './server.ts'
import { type Document, type TemplatesRequest, templatesFor } from './templates.ts'

/** What was done, by the names of the documents. `left`: they are not ours, or a newer intake's. */
export interface Installed {
  readonly created: readonly string[]
  readonly updated: readonly string[]
  readonly unchanged: readonly string[]
  readonly left: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * A server without life cycles refuses the template that has one. Resolves with a warning then: the events matter more. The mark keeps
 * the digest of what was wanted, so that the next run changes nothing.
 */
async function putTemplate(ask: Ask, { path, body }: Document): Promise<string | undefined> {
  const answer = await ask('PUT', path, body)
  if (answer.status < 300) return undefined
  const reason = reasonOf(answer.body)
  const template = memberOf(body, 'template')
  if (answer.status !== 400 || !/lifecycle/i.test(reason) || memberOf(template, 'lifecycle') === undefined) {
    throw new ServerError(answer.status, `PUT ${path}`, reason)
  }
  const { lifecycle: _, ...rest } = template as Readonly<Record<string, unknown>>
  await put(ask, path, { ...body, template: rest })
  return `The server takes no data stream lifecycle, nothing is rolled over or deleted by itself: ${reason}`
}

/**
 * Installs what is missing or not the same; without a retention that of an earlier run stays. Run again, it writes nothing. Rejects with ServerError where the server refuses; what was
 * installed before stays, and the next run goes on from there.
 */
export async function installTemplates(ask: Ask, request: TemplatesRequest): Promise<Installed> {
  const components = await marksOf(ask, 'component', COMPONENT_PREFIX)
  const indexes = await marksOf(ask, 'template', templatePrefix(request.naming))
  const templates = templatesFor({ ...request, retention: request.retention ?? retentionOf(indexes) })
  const names: Record<Outcome, string[]> = { created: [], updated: [], unchanged: [], left: [] }
  const warnings = new Set(templates.warnings)
  for (const document of templates.documents) {
    if (document.kind === 'policy') {
      const { outcome, warning } = await installPolicy(ask, document)
      if (outcome) names[outcome].push(document.name)
      if (warning) warnings.add(warning)
      continue
    }
    const mark = (document.kind === 'component' ? components : indexes).get(document.name)
    const outcome = outcomeOf(mark, document)
    names[outcome].push(document.name)
    if (outcome === 'left') warnings.add(whyLeft(document.name, mark))
    if (outcome === 'unchanged' || outcome === 'left') continue
    const warning = await putTemplate(ask, document)
    if (warning) warnings.add(warning)
  }
  return { ...names, warnings: [...warnings] }
}
