import { describe, expect, it } from 'vitest'
import { checkTemplate } from '../../src/templates/check.ts'
import { installTemplates } from '../../src/templates/install.ts'
import type { Naming } from '../../src/templates/naming.ts'
import { detectServer, LATEST, memberOf, reasonOf } from '../../src/templates/server.ts'
import { TEMPLATES_VERSION } from '../../src/templates/templates.ts'
import { fakeServer, refusal } from './fake-server.ts'

const naming: Naming = { kind: 'data-streams', namespace: 'default' }
const elasticsearch = { server: LATEST.elasticsearch, naming }
const opensearch = { server: LATEST.opensearch, naming }
const DNS = '/_index_template/logs-cloudflare.dns_logs'
const POLICY = '/_plugins/_ism/policies/logs-cloudflare'
const puts = (asked: readonly { method: string; path: string }[]) =>
  asked.filter(({ method }) => method === 'PUT').map(({ path }) => path)

describe('installTemplates', () => {
  it('puts components before the templates that are composed of them, and writes nothing the second time', async () => {
    const { ask, asked } = fakeServer()
    expect((await installTemplates(ask, elasticsearch)).created).toHaveLength(40)
    expect(
      puts(asked)
        .slice(0, 2)
        .every(path => path.startsWith('/_component_template/')),
    ).toBe(true)
    asked.length = 0
    expect((await installTemplates(ask, elasticsearch)).unchanged).toHaveLength(40)
    expect(puts(asked)).toEqual([])
  })

  it('writes again only what changed', async () => {
    const { ask } = fakeServer()
    await installTemplates(ask, elasticsearch)
    const { updated, unchanged } = await installTemplates(ask, { ...elasticsearch, eventIdField: 'labels.intake_id' })
    expect(updated).toEqual(['logs-cloudflare@mappings'])
    expect(unchanged).toHaveLength(39)
  })

  it('leaves what is not ours, and what a newer version installed, with a warning', async () => {
    const { ask, stored } = fakeServer()
    const mine = { priority: 1, _meta: { managed_by: 'me' } }
    const newer = { _meta: { managed_by: 'logpush-intake', version: TEMPLATES_VERSION + 1 } }
    stored.set(DNS, mine).set('/_index_template/logs-cloudflare.unknown', newer)
    const { left, warnings } = await installTemplates(ask, elasticsearch)
    expect(left).toEqual(['logs-cloudflare.dns_logs', 'logs-cloudflare.unknown'])
    expect(stored.get(DNS)).toBe(mine)
    expect(warnings).toHaveLength(2)
    expect(warnings[0]).toContain('not managed by logpush-intake')
    expect(warnings[1]).toContain('newer version')
  })

  it('keeps an earlier retention unless another one is given', async () => {
    const { ask, stored } = fakeServer()
    const retention = () => memberOf(stored.get(DNS), 'template', 'lifecycle', 'data_retention')
    await installTemplates(ask, { ...elasticsearch, retention: 30 })
    await installTemplates(ask, elasticsearch)
    expect(retention()).toBe('30d')
    await installTemplates(ask, { ...elasticsearch, retention: 90 })
    expect(retention()).toBe('90d')
    await installTemplates(ask, { ...elasticsearch, retention: 'forever' })
    await installTemplates(ask, elasticsearch)
    expect(retention()).toBeUndefined()
  })

  it('goes on without a life cycle where the server refuses it, and says so', async () => {
    const { ask, stored } = fakeServer({
      instead: ({ body }) =>
        memberOf(body, 'template', 'lifecycle') === undefined ? undefined : refusal(400, 'unknown field [lifecycle]'),
    })
    const { created, warnings } = await installTemplates(ask, elasticsearch)
    expect(created).toHaveLength(40)
    expect(warnings).toEqual([expect.stringContaining('unknown field [lifecycle]')])
    expect(memberOf(stored.get(DNS), 'template', 'mappings')).toBeDefined()
    expect((await installTemplates(ask, elasticsearch)).unchanged).toHaveLength(40)
  })

  it("rejects with the server's words where it refuses anything else", async () => {
    const { ask } = fakeServer({ instead: ({ path }) => (path === DNS ? refusal(400, 'too bad') : undefined) })
    await expect(installTemplates(ask, elasticsearch)).rejects.toThrow(`PUT ${DNS} was answered with 400: too bad.`)
    const forbidden = fakeServer({ instead: () => refusal(403, 'not you') })
    await expect(installTemplates(forbidden.ask, elasticsearch)).rejects.toMatchObject({ status: 403 })
  })
})

describe('the state policy of OpenSearch', () => {
  it('is made, changed by its revision, and left alone when it is the same', async () => {
    const { ask, asked, stored } = fakeServer({ opensearch: true })
    expect((await installTemplates(ask, opensearch)).created).toHaveLength(41)
    expect((await installTemplates(ask, opensearch)).unchanged).toHaveLength(41)
    const { updated } = await installTemplates(ask, { ...opensearch, retention: 30 })
    expect(updated).toContain('logs-cloudflare')
    expect(puts(asked).at(-1)).toBe(`${POLICY}?if_seq_no=7&if_primary_term=2`)
    expect(JSON.stringify(stored.get(POLICY))).toContain('"min_rollover_age":"30d"')
    expect((await installTemplates(ask, opensearch)).unchanged).toHaveLength(41)
  })

  it('is left alone when it is not ours', async () => {
    const { ask, stored } = fakeServer({ opensearch: true })
    const mine = { policy: { description: 'by hand' } }
    stored.set(POLICY, mine)
    const { left, warnings } = await installTemplates(ask, opensearch)
    expect(left).toEqual(['logs-cloudflare'])
    expect(warnings.join()).toContain('not managed by logpush-intake')
    expect(stored.get(POLICY)).toBe(mine)
  })

  it('is a warning where the server has no such plug-in, and a failure where it may not be set', async () => {
    const none = (status: number) =>
      fakeServer({
        opensearch: true,
        instead: ({ path }) => (path.startsWith(POLICY) ? refusal(status, 'no') : undefined),
      })
    const { created, warnings } = await installTemplates(none(400).ask, opensearch)
    expect(created).toHaveLength(40)
    expect(warnings).toEqual([expect.stringContaining('No state policy was installed')])
    await expect(installTemplates(none(403).ask, opensearch)).rejects.toMatchObject({ status: 403 })
  })
})

describe('checkTemplate', () => {
  const check = (ask: Parameters<typeof checkTemplate>[0]) => checkTemplate(ask, naming, 'dns_logs')

  it('tells missing, present and outdated templates apart; what an operator put there is present', async () => {
    const { ask, stored } = fakeServer()
    expect(await check(ask)).toBe('missing')
    await installTemplates(ask, elasticsearch)
    expect(await check(ask)).toBe('present')
    stored.set(DNS, { _meta: { managed_by: 'logpush-intake', version: TEMPLATES_VERSION - 1 } })
    expect(await check(ask)).toBe('outdated')
    stored.set(DNS, {})
    expect(await check(ask)).toBe('present')
  })

  it('looks at the data stream where it may not look at templates', async () => {
    const by = (template: string | undefined) =>
      fakeServer({
        instead: ({ path }) => {
          if (path.startsWith('/_index_template')) return refusal(403, 'no')
          return template === undefined ? refusal(404, 'no') : { status: 200, body: { data_streams: [{ template }] } }
        },
      })
    expect(await check(by('logs-cloudflare.dns_logs').ask)).toBe('present')
    expect(await check(by('logs').ask)).toBe('missing')
    expect(await check(by(undefined).ask)).toBe('unknown')
  })

  it('rejects where the server cannot tell', async () => {
    await expect(check(fakeServer({ instead: () => refusal(503, 'no master') }).ask)).rejects.toThrow('no master')
  })
})

describe('detectServer', () => {
  it('tells Elasticsearch from OpenSearch, with the version', async () => {
    expect(await detectServer(fakeServer().ask)).toEqual({ kind: 'elasticsearch', major: 9, minor: 5 })
    const { ask } = fakeServer({ opensearch: true, version: '2.19.1' })
    expect(await detectServer(ask)).toEqual({ kind: 'opensearch', major: 2, minor: 19 })
  })

  it('rejects what is neither', async () => {
    const other = (body: unknown, status = 200) => fakeServer({ instead: () => ({ status, body }) }).ask
    await expect(detectServer(other(undefined))).rejects.toThrow('GET / was answered with 200')
    await expect(detectServer(other({ version: { number: 'x' } }))).rejects.toThrow()
    await expect(detectServer(other({ error: 'who are you' }, 401))).rejects.toThrow('401: who are you')
  })
})

describe('reasonOf', () => {
  it('gives the causes down to the first, each once, and takes any shape', () => {
    const cause = { reason: 'the last', caused_by: { reason: 'the last' } }
    expect(reasonOf({ error: { reason: 'top', caused_by: cause } })).toBe('top: the last')
    for (const body of [undefined, null, 'text', 7, [], {}, { error: null }, { error: { reason: 7 } }]) {
      expect(reasonOf(body)).toBe('')
    }
  })
})
