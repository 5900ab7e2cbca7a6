import { markOf, type Outcome, whyLeft } from './installed.ts'
import { type Ask, memberOf, put, reasonOf, ServerError } from './server.ts'
import { type Document, MANAGED_BY, TEMPLATES_VERSION } from './templates.ts'

function insistAllowed(status: number, request: string, body: unknown): void {
  if (status === 401 || status === 403) throw new ServerError(status, request, reasonOf(body))
}

interface PolicyInstalled {
  readonly outcome?: Outcome
  readonly warning?: string
}

/** The mark of a policy is in its description; a change has to name the revision that it changes. */
async function changePolicy(ask: Ask, { name, path, body }: Document, installed: unknown): Promise<PolicyInstalled> {
  const description = String(memberOf(installed, 'policy', 'description'))
  if (description === memberOf(body, 'policy', 'description')) return { outcome: 'unchanged' }
  const [managed_by, version] = description.split(' ')
  if (managed_by !== MANAGED_BY || Number.parseInt(version!, 10) > TEMPLATES_VERSION) {
    return { outcome: 'left', warning: whyLeft(name, markOf({ managed_by, version })) }
  }
  const revision = `if_seq_no=${memberOf(installed, '_seq_no')}&if_primary_term=${memberOf(installed, '_primary_term')}`
  await put(ask, `${path}?${revision}`, body)
  return { outcome: 'updated' }
}

/** A server without the plug-in has no such path: a warning, for the events matter more. */
export async function installPolicy(ask: Ask, document: Document): Promise<PolicyInstalled> {
  const { path, body } = document
  const installed = await ask('GET', path)
  insistAllowed(installed.status, `GET ${path}`, installed.body)
  if (installed.status === 200) return changePolicy(ask, document, installed.body)
  const answer = await ask('PUT', path, body)
  insistAllowed(answer.status, `PUT ${path}`, answer.body)
  if (answer.status < 300) return { outcome: 'created' }
  const reason = reasonOf(answer.body) || `status ${answer.status}`
  return { warning: `No state policy was installed, nothing is rolled over or deleted by itself: ${reason}` }
}
