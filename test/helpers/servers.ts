import { setTimeout } from 'node:timers/promises'
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers'

/**
 * An Elasticsearch and an OpenSearch for the integration tests. Each takes 20 s and 0.7 GB: start one for a test file, in `beforeAll`, and
 * stop it in `afterAll`. The images are those of the environment, so that a machine can have its own.
 */

export const required = process.env.CI === 'true'

const engine = await getContainerRuntimeClient().then(
  () => true,
  () => false,
)
if (!engine && !required) process.stderr.write('Tests on real servers are skipped: no container engine answers.\n')

export type StoreKind = 'elasticsearch' | 'opensearch'

/** What to test on. `skipped`: no container engine answers, which is said once; where tests are required they fail. */
export const stores: readonly { readonly name: StoreKind; readonly skipped: boolean }[] = [
  { name: 'elasticsearch', skipped: !engine && !required },
  { name: 'opensearch', skipped: !engine && !required },
]

export interface Answer {
  readonly status: number
  /** Parsed where it is JSON, else the text. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly body: any
}

export interface Store {
  readonly kind: StoreKind
  /** Without a slash at the end, without credentials. */
  readonly url: string
  /** For the header Authorization; undefined where security is off. */
  readonly authorization: string | undefined
  readonly container: StartedTestContainer
  /** As the server's administrator, or as who `authorization` is. A string is sent as it is, else JSON. */
  ask(method: string, path: string, body?: object | string, authorization?: string): Promise<Answer>
  stop(): Promise<void>
}

const PORT = 9200
const STARTUP_MS = 120_000
const HEAP = '-Xms512m -Xmx512m'
const PASSWORD = 'only-for-tests'

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  try {
    return { status: response.status, body: JSON.parse(text) }
  } catch {
    return { status: response.status, body: text }
  }
}

async function start(
  kind: StoreKind,
  image: string,
  environment: Record<string, string>,
  authorization: string | undefined,
): Promise<Store> {
  const answers = Wait.forHttp('/', PORT).forStatusCodeMatching(status => status === 200 || status === 401)
  const container = await new GenericContainer(image)
    // Test machines are often nearly full.
    .withEnvironment({ ...environment, 'cluster.routing.allocation.disk.threshold_enabled': 'false' })
    .withExposedPorts(PORT)
    .withWaitStrategy(answers)
    .withStartupTimeout(STARTUP_MS)
    .start()
  const url = `http://${container.getHost()}:${container.getMappedPort(PORT)}`
  const store: Store = {
    kind,
    url,
    authorization,
    container,
    async ask(method, path, body, as = authorization) {
      const headers = {
        'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json',
        ...(as !== undefined && { authorization: as }),
      }
      const sent = typeof body === 'object' ? JSON.stringify(body) : body
      return answerOf(await fetch(url + path, { method, headers, ...(sent !== undefined && { body: sent }) }))
    },
    async stop() {
      await container.stop()
    },
  }
  await becomesHealthy(store)
  return store
}

/** With security on it answers before it knows its users. */
async function becomesHealthy(store: Store): Promise<void> {
  const signal = AbortSignal.timeout(STARTUP_MS)
  for (;;) {
    const { status } = await store.ask('GET', '/_cluster/health?wait_for_status=yellow&timeout=5s')
    if (status === 200) return
    await setTimeout(250, undefined, { signal })
  }
}

export interface StoreOptions {
  /** Elasticsearch alone: with a user `elastic`, who asks unless told otherwise. */
  readonly security?: boolean
}

export function startStore(kind: StoreKind, { security = false }: StoreOptions = {}): Promise<Store> {
  return kind === 'elasticsearch' ? startElasticsearch(security) : startOpenSearch()
}

function startElasticsearch(security: boolean): Promise<Store> {
  const image = process.env.ELASTICSEARCH_IMAGE ?? 'docker.elastic.co/elasticsearch/elasticsearch:9.5.3'
  const common = { 'discovery.type': 'single-node', ES_JAVA_OPTS: HEAP }
  if (!security) return start('elasticsearch', image, { ...common, 'xpack.security.enabled': 'false' }, undefined)
  const authorization = `Basic ${Buffer.from(`elastic:${PASSWORD}`).toString('base64')}`
  const secured = { ...common, ELASTIC_PASSWORD: PASSWORD, 'xpack.security.http.ssl.enabled': 'false' }
  return start('elasticsearch', image, secured, authorization)
}

function startOpenSearch(): Promise<Store> {
  const image = process.env.OPENSEARCH_IMAGE ?? 'opensearchproject/opensearch:3.8.0'
  const environment = {
    'discovery.type': 'single-node',
    OPENSEARCH_JAVA_OPTS: HEAP,
    DISABLE_SECURITY_PLUGIN: 'true',
    DISABLE_INSTALL_DEMO_CONFIG: 'true',
  }
  return start('opensearch', image, environment, undefined)
}
