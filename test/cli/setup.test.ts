import { describe, expect, it } from 'vitest'
import { type SetupOptions, setupElasticsearch } from '../../src/cli/setup.ts'
import { RetryableError, StartError, UsageError } from '../../src/errors.ts'
import { fakeServer, refusal } from '../templates/fake-server.ts'

async function run(options: Partial<SetupOptions> = {}) {
  let written = ''
  let warned = ''
  await setupElasticsearch({
    naming: { kind: 'data-streams', namespace: 'default' },
    ask: fakeServer().ask,
    write: text => {
      written += text
    },
    warn: text => {
      warned += text
    },
    ...options,
  })
  return { written, warned }
}
const unreachable = async () => {
  throw new RetryableError('elasticsearch cannot be reached: connection refused.')
}

describe('setup elasticsearch', () => {
  it('says what it made, and the second time that nothing changed', async () => {
    const { ask } = fakeServer()
    const first = await run({ ask })
    expect(first.written).toContain('created logs-cloudflare.http_requests\n')
    expect(first.written).toMatch(/Elasticsearch 9\.5: 40 created, 0 updated, 0 unchanged\.\n$/)
    expect(await run({ ask })).toEqual({
      written: 'Elasticsearch 9.5: 0 created, 0 updated, 40 unchanged.\n',
      warned: '',
    })
  })

  it('says that data streams take a change at their next rollover', async () => {
    const { ask } = fakeServer()
    await run({ ask, retention: '30' })
    const { written, warned } = await run({ ask, retention: '60d' })
    expect(written).toContain('38 updated')
    expect(warned).toContain('rolled over')
  })

  it('warns, and does not fail, where an OpenSearch has no state policies', async () => {
    const { ask } = fakeServer({
      opensearch: true,
      version: '3.8.0',
      instead: ({ path }) => (path.includes('_ism') ? refusal(400, 'no handler found') : undefined),
    })
    const { written, warned } = await run({ ask })
    expect(written).toContain('OpenSearch 3.8: 40 created')
    expect(warned).toContain('no handler found')
  })

  it.each([
    ['elasticsearch', undefined, 40],
    ['opensearch', 'opensearch', 41],
  ] as const)('--print shows every request to %s, and sends none', async (_, server, count) => {
    const { ask, asked } = fakeServer()
    const { written } = await run({ ask, print: true, server, retention: '30' })
    const requests = JSON.parse(written) as { method: string; path: string; body: object }[]
    expect(requests).toHaveLength(count)
    expect(requests[0]).toMatchObject({ method: 'PUT', path: '/_component_template/logs-cloudflare%40settings' })
    expect(written).toContain('30d')
    expect(asked).toEqual([])
  })

  it.each(['0', '-1', 'x', '1.5', '30 days', '99999'])('takes no retention of %s', async retention => {
    await expect(run({ retention })).rejects.toThrow(UsageError)
  })

  it('takes --server only with --print', async () => {
    await expect(run({ server: 'opensearch' })).rejects.toThrow(UsageError)
  })

  it('fails in one sentence where the server is not there, refuses, or is none', async () => {
    await expect(run({ ask: unreachable })).rejects.toThrow(StartError)
    const forbidden = fakeServer({ instead: ({ path }) => (path === '/' ? undefined : refusal(403, 'not you')) })
    await expect(run({ ask: forbidden.ask })).rejects.toThrow(/not you.*docs\/elasticsearch\.md/)
    const none = fakeServer({ instead: () => ({ status: 200, body: undefined }) })
    await expect(run({ ask: none.ask })).rejects.toThrow(StartError)
  })
})
