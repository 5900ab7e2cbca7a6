import { createHash } from 'node:crypto'
import { dataStreamDataset } from '../datasets/data-streams.ts'
import { registry } from '../datasets/index.ts'
import { constant, ecsFields, nest } from './field-types.ts'
import { dataStreamLifecycle, hasDataStreamLifecycle, POLICY, statePolicy } from './lifecycle.ts'
import { COMPONENT_PREFIX, indexPatterns, isPerDataset, type Naming, STREAM_PREFIX, templateName } from './naming.ts'
import { isAtLeast, type Server } from './server.ts'
import { vendorMapping } from './vendor-fields.ts'

/**
 * Everything that a server needs before the first event:
 *
 *     logs-cloudflare@settings    component: the limits
 *     logs-cloudflare@mappings    component: the ECS fields of all datasets; one type for a field everywhere
 *     logs-cloudflare.<dataset>   index template: `cloudflare` of that dataset; one more for `unknown`
 *     logs-cloudflare@custom      not ours: what the operator wants otherwise (Elasticsearch), in the last word
 *     logs-cloudflare             state policy (OpenSearch)
 *
 * Mappings are closed (`dynamic: false`): only what is listed is indexed, an event never adds to them, and what is not listed stays in
 * the source. So the number of fields is known beforehand, and the first event of a kind cannot decide the type for those behind it.
 */

/** Raised with every change of what the templates hold; an older intake then leaves those of a newer one alone. */
export const TEMPLATES_VERSION = 1
export const MANAGED_BY = 'logpush-intake'

export const UNKNOWN_DATASET = 'unknown'

/** One thing to install. `body` holds `_meta` where the server keeps that. */
export interface Document {
  readonly kind: 'component' | 'template' | 'policy'
  readonly name: string
  readonly path: string
  readonly body: object
}

export type Retention = number | 'forever'

export interface TemplatesRequest {
  readonly server: Server
  readonly naming: Naming
  /** Events are deleted after so many days. Undefined: what is installed stays as it is, at first they are kept for ever. */
  readonly retention?: Retention | undefined
  /** The field that carries the event's id, if any (EVENT_ID_FIELD). */
  readonly eventIdField?: string | undefined
}

export interface Templates {
  /** In the order in which they are to be installed. */
  readonly documents: readonly Document[]
  /** What was asked for and cannot be had. */
  readonly warnings: readonly string[]
}

/** Says whose a document is, and by the digest whether it is the same. */
function markOf(body: object, retention: Retention | undefined) {
  const digest = createHash('sha256')
    .update(JSON.stringify([body, retention]))
    .digest('hex')
    .slice(0, 16)
  const kept = retention === undefined ? {} : { retention_days: retention }
  return { managed_by: MANAGED_BY, version: TEMPLATES_VERSION, digest, ...kept }
}

function documentOf(kind: 'component' | 'template', name: string, body: object, retention?: Retention): Document {
  const path = `/_${kind === 'component' ? 'component' : 'index'}_template/${encodeURIComponent(name)}`
  return { kind, name, path, body: { ...body, version: TEMPLATES_VERSION, _meta: markOf(body, retention) } }
}

/** More than any line can hold: what an event may hold is limited by the intake (MAX_LINE_BYTES, nesting), once. */
const NO_LIMIT = 10_000_000

function settings(server: Server): object {
  const limits = { 'index.mapping.nested_objects.limit': NO_LIMIT }
  // OpenSearch measures events by it, arrays within arrays too; elsewhere it is about mappings.
  if (server.kind === 'opensearch') return { ...limits, 'index.mapping.depth.limit': 100 }
  return isAtLeast(server, 9, 5) ? { ...limits, 'index.mapping.array_objects.limit': NO_LIMIT } : limits
}

function components({ server, eventIdField }: TemplatesRequest): Document[] {
  const fields = ecsFields(server)
  const isKnown = fields.some(([name]) => name === eventIdField)
  if (eventIdField !== undefined && !isKnown) fields.push([eventIdField, { type: 'keyword', ignore_above: 1024 }])
  const mappings = { dynamic: false, date_detection: false, properties: nest(fields) }
  return [
    documentOf('component', `${COMPONENT_PREFIX}settings`, { template: { settings: settings(server) } }),
    documentOf('component', `${COMPONENT_PREFIX}mappings`, { template: { mappings } }),
  ]
}

function daysOf({ retention }: TemplatesRequest): number | undefined {
  return typeof retention === 'number' ? retention : undefined
}

/** Whether templates can say that data streams have none. */
function hasFailureStore(server: Server): boolean {
  if (server.kind !== 'elasticsearch') return false
  return isAtLeast(server, 9, 1) || (server.major === 8 && isAtLeast(server, 8, 19))
}

function properties({ server, naming }: TemplatesRequest, dataset: string): object {
  const cloudflare = vendorMapping(isPerDataset(naming) && dataset !== UNKNOWN_DATASET ? dataset : undefined, server)
  if (naming.kind === 'index') return { cloudflare }
  const stream = {
    type: constant(server, 'logs'),
    dataset: constant(server, dataStreamDataset(dataset, 'ecs')),
    namespace: constant(server),
  }
  return { data_stream: { properties: stream }, cloudflare }
}

function indexTemplate(request: TemplatesRequest, dataset: string, composedOf: readonly string[]): Document {
  const { server, naming } = request
  const isStream = naming.kind === 'data-streams'
  const custom = `${COMPONENT_PREFIX}custom`
  const hasCustom = server.kind === 'elasticsearch' && isAtLeast(server, 8, 7)
  const body = {
    index_patterns: indexPatterns(naming, dataset),
    priority: 250,
    ...(isStream && { data_stream: {} }),
    composed_of: hasCustom ? [...composedOf, custom] : composedOf,
    ...(hasCustom && { ignore_missing_component_templates: [custom] }),
    template: {
      mappings: { properties: properties(request, dataset) },
      ...(isStream && hasDataStreamLifecycle(server) && { lifecycle: dataStreamLifecycle(daysOf(request)) }),
      // Where it is on, a refused event is answered as one that was taken.
      ...(isStream && hasFailureStore(server) && { data_stream_options: { failure_store: { enabled: false } } }),
    },
  }
  return documentOf('template', templateName(naming, dataset), body, isStream ? request.retention : undefined)
}

function policy(request: TemplatesRequest): Document[] {
  if (request.server.kind !== 'opensearch' || request.naming.kind !== 'data-streams') return []
  const body = statePolicy(daysOf(request), `${STREAM_PREFIX}*`, `${MANAGED_BY} ${TEMPLATES_VERSION}`)
  return [{ kind: 'policy', name: POLICY, path: `/_plugins/_ism/policies/${POLICY}`, body }]
}

function warnings({ server, naming, retention }: TemplatesRequest): string[] {
  const name = `${server.kind === 'elasticsearch' ? 'Elasticsearch' : 'OpenSearch'} ${server.major}.${server.minor}`
  if (naming.kind === 'index' && typeof retention === 'number') {
    return ['A plain index has no life cycle of its own: nothing is deleted after the retention.']
  }
  if (naming.kind === 'data-streams' && server.kind === 'elasticsearch' && !hasDataStreamLifecycle(server)) {
    return [`${name} has no data stream lifecycle: nothing is rolled over or deleted by itself.`]
  }
  return []
}

/** The templates for a server. Pure: the same request gives the same documents. */
export function templatesFor(request: TemplatesRequest): Templates {
  const { naming } = request
  const shared = components(request)
  const names = shared.map(document => document.name)
  const datasets = isPerDataset(naming)
    ? [...registry.map(dataset => dataset.name), UNKNOWN_DATASET]
    : [UNKNOWN_DATASET]
  return {
    documents: [...shared, ...datasets.map(dataset => indexTemplate(request, dataset, names)), ...policy(request)],
    warnings: warnings(request),
  }
}
