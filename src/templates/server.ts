/** What the installer and the sink ask a server by. `body` is the parsed JSON, undefined where there is none. Throws where no answer came. */
export type Ask = (
  method: 'GET' | 'PUT',
  path: string,
  body?: object,
) => Promise<{ readonly status: number; readonly body: unknown }>

export interface Server {
  readonly kind: 'elasticsearch' | 'opensearch'
  readonly major: number
  readonly minor: number
}

/** The servers whose templates are shown where none is asked. */
export const LATEST: Readonly<Record<Server['kind'], Server>> = {
  elasticsearch: { kind: 'elasticsearch', major: 9, minor: 5 },
  opensearch: { kind: 'opensearch', major: 3, minor: 8 },
}

const MAX_REASON_CHARS = 1000

export function isAtLeast(server: Server, major: number, minor: number): boolean {
  return server.major > major || (server.major === major && server.minor >= minor)
}

/** A member of an answer, by its keys; undefined where the answer has another shape. */
export function memberOf(body: unknown, ...keys: readonly (string | number)[]): unknown {
  let value = body
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Readonly<Record<string | number, unknown>>)[key]
  }
  return value
}

/** The server's own words on why it refused, the cause of the cause included. */
export function reasonOf(body: unknown): string {
  const error = memberOf(body, 'error')
  if (typeof error === 'string') return error.slice(0, MAX_REASON_CHARS)
  const reasons: string[] = []
  for (let cause = error; cause !== undefined; cause = memberOf(cause, 'caused_by')) {
    const reason = memberOf(cause, 'reason')
    if (typeof reason === 'string' && !reasons.some(known => known.includes(reason))) reasons.push(reason)
  }
  return reasons.join(': ').slice(0, MAX_REASON_CHARS)
}

/** Which server answers. Rejects with an Error where it is neither. */
export async function detectServer(ask: Ask): Promise<Server> {
  const { status, body } = await ask('GET', '/')
  const number = memberOf(body, 'version', 'number')
  const version = typeof number === 'string' ? /^(\d+)\.(\d+)/.exec(number) : null
  if (status !== 200 || !version) throw new ServerError(status, 'GET /', reasonOf(body))
  return {
    kind: memberOf(body, 'version', 'distribution') === 'opensearch' ? 'opensearch' : 'elasticsearch',
    major: Number(version[1]),
    minor: Number(version[2]),
  }
}

/** The server answered what cannot be gone on with. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly status: number
  constructor(status: number, request: string, reason: string) {
    super(`${request} was answered with ${status}${reason === '' ? '' : `: ${reason}`}.`)
    this.status = status
  }
}

/** Rejects with ServerError where the server does not take it. */
export async function put(ask: Ask, path: string, body: object): Promise<void> {
  const answer = await ask('PUT', path, body)
  if (answer.status >= 300) throw new ServerError(answer.status, `PUT ${path}`, reasonOf(answer.body))
}
