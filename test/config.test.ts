import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig } from '../src/config.ts'
import { settings, settingsTable } from '../src/settings.ts'

const datasets = ['dns_logs', 'http_requests']
const load = (env: Record<string, string>) => loadConfig(env, datasets)
const problems = (env: Record<string, string>): readonly string[] => {
  try {
    load(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

describe('the settings', () => {
  it('have defaults for everything and absolute folders', () => {
    const { config, warnings } = load({})
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      sinks: ['file'],
      duplicateWindowSeconds: 600,
      additions: 'auto',
    })
    expect(config.fileDir).toBe(`${config.dataDir}/events`)
    expect(warnings).toEqual([])
  })

  it('take an empty value as not set', () => {
    expect(load({ PORT: '', PUBLIC_URL: ' ' }).config).toMatchObject({ port: 8080, publicUrl: undefined })
  })

  it('name all problems at once', () => {
    const found = problems({
      PORT: '0x10',
      WORKERS: '1.5',
      SINKS: 'file,kafka',
      PROFILE: 'x',
      KEEP_ORIGINAL: 'maybe',
      TLS_CERT_FILE: 'a.pem',
    })
    expect(found.map(problem => problem.slice(0, problem.indexOf(':')))).toEqual([
      'PORT',
      'SINKS',
      'PROFILE',
      'KEEP_ORIGINAL',
      'WORKERS',
      'TLS_CERT_FILE, TLS_KEY_FILE',
    ])
  })

  it.each(['1e3', '-1', '65536', '99999999999999999999', '8080 8081', 'NaN'])('refuse the port %s', port => {
    expect(problems({ PORT: port })).toHaveLength(1)
  })

  it('never repeat a secret in a problem', () => {
    const found = problems({ INTAKE_KEYS: 'very-secret', INTAKE_KEYS_FILE: '/keys' })
    expect(found.join()).toContain('INTAKE_KEYS')
    expect(found.join()).not.toContain('very-secret')
  })

  it('split lists and refuse unknown datasets', () => {
    expect(load({ DROP_DATASETS: 'dns_logs, unknown' }).config.dropDatasets).toEqual(['dns_logs', 'unknown'])
    expect(problems({ DROP_DATASETS: 'dns' })[0]).toContain('http_requests')
  })

  it('warn of a name that nearly matches one, and of no other', () => {
    const { warnings } = load({
      INTAKE_KEY: 'x',
      SINK: 'file',
      INTAKE_PORT: 'tcp://10.0.0.1:80',
      HOME: '/root',
      HOSTNAME: 'a',
      PATH: '/bin',
    })
    expect(warnings.map(warning => warning.split(' ')[0])).toEqual(['INTAKE_KEY', 'SINK'])
    expect(warnings.join()).not.toContain('tcp')
  })

  it.each([
    ['labels.intake_id', true],
    ['event.id', true],
    ['intake.id', true],
    ['event.kind', false],
    ['tags', false],
    ['cloudflare.id', false],
    ['__proto__.x', false],
    ['a..b', false],
  ])('take %s as EVENT_ID_FIELD: %s', (field, taken) => {
    expect(problems({ EVENT_ID_FIELD: field })).toHaveLength(taken ? 0 : 1)
  })

  it('are all in the table for the README', () => {
    for (const name of Object.keys(settings)) expect(settingsTable()).toContain(`| \`${name}\` |`)
  })

  it('ask for what the network sinks need, and take a secret once', () => {
    const found = problems({
      SINKS: 'elasticsearch,http',
      ELASTICSEARCH_API_KEY: 'k',
      ELASTICSEARCH_API_KEY_FILE: '/k',
      ELASTICSEARCH_CERT_FILE: '/c',
      HTTP_HEADERS: 'A: b',
      HTTP_HEADERS_FILE: '/h',
    })
    expect(found).toEqual([
      'ELASTICSEARCH_CERT_FILE, ELASTICSEARCH_KEY_FILE: set both or none.',
      'ELASTICSEARCH_API_KEY, ELASTICSEARCH_API_KEY_FILE: set one of them, not both.',
      'HTTP_HEADERS, HTTP_HEADERS_FILE: set one of them, not both.',
      'ELASTICSEARCH_URL: SINKS names elasticsearch, so it must be set.',
      'HTTP_URL: SINKS names http, so it must be set.',
    ])
    expect(problems({ ELASTICSEARCH_USERNAME: 'u' })).toEqual([
      'ELASTICSEARCH_USERNAME, ELASTICSEARCH_PASSWORD: set both or none.',
    ])
  })

  it('take several URLs, and none with credentials, which they do not repeat', () => {
    const url = 'https://a.example/path,http://[::1]:9200'
    expect(load({ ELASTICSEARCH_URL: url, SINKS: 'elasticsearch' })).toMatchObject({
      config: { elasticsearchUrl: url.split(','), elasticsearchSetup: 'check' },
      warnings: [],
    })
    const found = problems({ ELASTICSEARCH_URL: 'https://user:secret@a.example', HTTP_URL: 'ftp://a' })
    expect(found).toEqual(
      ['ELASTICSEARCH_URL', 'HTTP_URL'].map(
        name =>
          `${name}: expected a comma separated list of http or https URLs without credentials and query, without repeats.`,
      ),
    )
  })

  it('warn of a URL that nothing is sent to', () => {
    expect(load({ HTTP_URL: 'http://a.example' }).warnings).toEqual([
      'HTTP_URL is set, but SINKS does not name http: nothing is sent there.',
    ])
  })

  it('refuse names that the server would refuse', () => {
    for (const index of ['Logs', '-a', '_a', 'a b', 'a*', 'a/b', 'a,b', 'a#'])
      expect(problems({ ELASTICSEARCH_INDEX: index }), index).toHaveLength(1)
    for (const namespace of ['a-b', 'A', 'a*', 'a b'])
      expect(problems({ ELASTICSEARCH_NAMESPACE: namespace })).toHaveLength(1)
    expect(problems({ ELASTICSEARCH_INDEX: 'cf-{dataset}-{namespace}', ELASTICSEARCH_NAMESPACE: 'prod.eu_1' })).toEqual(
      [],
    )
  })

  it.each(['0.0.0.0', '::', '192.0.2.1', 'admin.example', '127.example', '127.0.0.1.example', '128.0.0.1'])(
    'refuse the admin listener on %s without a token',
    adminHost => {
      const found = problems({ ADMIN_HOST: adminHost })
      expect(found).toEqual(['ADMIN_HOST: on an address that is not loopback the admin listener needs an ADMIN_TOKEN.'])
      expect(problems({ ADMIN_HOST: adminHost, ADMIN_TOKEN: 'a-token-of-some-length' })).toEqual([])
      expect(problems({ ADMIN_HOST: adminHost, ADMIN_TOKEN_FILE: '/run/secrets/token' })).toEqual([])
    },
  )

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('take the admin listener on %s without one', adminHost => {
    expect(problems({ ADMIN_HOST: adminHost })).toEqual([])
  })

  it('take who is let in once, and certificates of senders only with a certificate of ours', () => {
    const found = problems({
      ADMIN_TOKEN: 'a-token-of-some-length',
      ADMIN_TOKEN_FILE: '/t',
      ALLOWED_NETWORKS: '192.0.2.0/24',
      ALLOWED_NETWORKS_FILE: '/n',
      TLS_CLIENT_CA_FILE: '/ca.pem',
    })
    expect(found).toEqual([
      'ADMIN_TOKEN, ADMIN_TOKEN_FILE: set one of them, not both.',
      'ALLOWED_NETWORKS, ALLOWED_NETWORKS_FILE: set one of them, not both.',
      'TLS_CLIENT_CA_FILE: it needs TLS_CERT_FILE and TLS_KEY_FILE.',
    ])
    expect(found.join()).not.toContain('a-token-of-some-length')
  })

  it('name a wrong URL once, and what is none though it looks like one', () => {
    expect(problems({ SINKS: 'elasticsearch', ELASTICSEARCH_URL: 'nonsense' })).toHaveLength(1)
    expect(problems({ ELASTICSEARCH_URL: 'http://h:99999' })).toEqual(['ELASTICSEARCH_URL: it holds what is no URL.'])
  })

  it('know the places of an index name', () => {
    for (const index of ['logs-{datset}', 'é-É', '{dataset'])
      expect(problems({ ELASTICSEARCH_INDEX: index }), index).toHaveLength(1)
  })
})
