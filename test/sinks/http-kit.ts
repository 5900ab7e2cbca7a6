import { afterEach, beforeEach, expect } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../../src/sinks/http-client.ts'
import { answer, type MisbehavingServer, startMisbehavingServer } from '../helpers/misbehaving-server.ts'

export const KEY = 'S3cret-key-of-the-operator'
export const never = new AbortController().signal
export const NO_TLS = { caFile: undefined, certFile: undefined, keyFile: undefined }
export const POST = { method: 'POST', path: '/_bulk?x=1', body: 'hello' } as const
export const fine = answer(200, { 'content-type': 'application/json; charset=utf-8' }, '{"fine":true}')

export interface ClientRig {
  readonly server: MisbehavingServer
  /** A client of that server, unless `urls` says otherwise, with a secret in its headers. Closed after the test. */
  clientOf(options?: Partial<HttpClientOptions>): HttpClient
}

/** Before each test of the file a server that misbehaves as it is told. */
export function useClientRig(): ClientRig {
  let server: MisbehavingServer
  let clients: HttpClient[]
  beforeEach(async () => {
    server = await startMisbehavingServer()
    clients = []
  })
  afterEach(async () => {
    await Promise.all(clients.map(client => client.close()))
    await server.close()
  })
  return {
    get server() {
      return server
    },
    clientOf(options = {}) {
      const headers = async () => ({ Authorization: `ApiKey ${KEY}` })
      const all = { name: 'test', urls: [server.url], headers, timeoutMs: 5000, ...NO_TLS, ...options }
      const client = createHttpClient(all)
      clients.push(client)
      return client
    },
  }
}

/** The RetryableError of a request, which holds no secret. */
export async function failureOf(promise: Promise<unknown>): Promise<RetryableError> {
  const error = await promise.then(
    () => undefined,
    thrown => thrown,
  )
  expect(error).toBeInstanceOf(RetryableError)
  expect(everythingOf(error)).not.toContain(KEY)
  expect(everythingOf(error)).not.toContain('ApiKey')
  return error as RetryableError
}

/** All that a logger could print of an error. */
export function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? ''
  const own = Object.getOwnPropertyNames(error).map(name => Reflect.get(error, name))
  return own.map(value => (typeof value === 'string' ? value : everythingOf(value))).join(' ')
}
