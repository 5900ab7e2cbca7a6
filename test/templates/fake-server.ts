import { type Ask, memberOf } from '../../src/templates/server.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly body: object | undefined
}

export interface FakeServer {
  readonly ask: Ask
  readonly asked: Asked[]
  /** What was put, by its path. */
  readonly stored: Map<string, object>
}

export interface FakeOptions {
  readonly opensearch?: boolean
  readonly version?: string
  /** An answer in the place of the server's. */
  readonly instead?: (asked: Asked) => { status: number; body: unknown } | undefined
}

export const refusal = (status: number, reason: string) => ({ status, body: { error: { type: 'x', reason }, status } })

/** Keeps what is put, as the servers do with templates and state policies; for answers that a real server of this machine does not give. */
export function fakeServer({ opensearch = false, version = '9.5.3', instead }: FakeOptions = {}): FakeServer {
  const stored = new Map<string, object>()
  const asked: Asked[] = []

  function list(key: string, inner: string, folder: string, prefix: string) {
    const found = [...stored].filter(([path]) => path.startsWith(`${folder}${prefix}`))
    const entries = found.map(([path, body]) => ({
      name: decodeURIComponent(path.slice(folder.length)),
      [inner]: { _meta: memberOf(body, '_meta') },
    }))
    return { status: 200, body: { [key]: entries } }
  }

  function answer({ method, path, body }: Asked) {
    const [place = ''] = path.split('?')
    if (method === 'PUT') {
      stored.set(place, body!)
      return { status: 200, body: { acknowledged: true } }
    }
    if (place === '/') {
      return { status: 200, body: { version: { number: version, ...(opensearch && { distribution: 'opensearch' }) } } }
    }
    if (place.startsWith('/_component_template/')) {
      return list(
        'component_templates',
        'component_template',
        '/_component_template/',
        place.slice(21).replace('*', ''),
      )
    }
    if (place.endsWith('*')) {
      return list('index_templates', 'index_template', '/_index_template/', place.slice(17).replace('*', ''))
    }
    const document = stored.get(place)
    if (document === undefined) return { status: 404, body: { status: 404 } }
    if (place.startsWith('/_index_template/')) {
      return { status: 200, body: { index_templates: [{ index_template: { _meta: memberOf(document, '_meta') } }] } }
    }
    return { status: 200, body: { ...document, _seq_no: 7, _primary_term: 2 } }
  }

  return {
    asked,
    stored,
    async ask(method, path, body) {
      const one = { method, path, body }
      asked.push(one)
      return instead?.(one) ?? answer(one)
    },
  }
}
