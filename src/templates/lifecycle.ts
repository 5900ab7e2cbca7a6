import { isAtLeast, type Server } from './server.ts'

/** A policy of OpenSearch's Index State Management that this program owns, for all of its data streams. */
export const POLICY = 'logs-cloudflare'

const FOR_EVER = 'logs are kept for ever'

/** Whether the server's templates know a life cycle of data streams. */
export function hasDataStreamLifecycle(server: Server): boolean {
  return server.kind === 'elasticsearch' && isAtLeast(server, 8, 11)
}

/** Elasticsearch rolls over by itself (50 GB a shard, an age that follows from the retention), and deletes what is older. */
export function dataStreamLifecycle(retentionDays: number | undefined): object {
  return { enabled: true, ...(retentionDays !== undefined && { data_retention: `${retentionDays}d` }) }
}

/** The ages at which Elasticsearch rolls over by default. */
function rolloverAge(retentionDays: number | undefined): string {
  if (retentionDays === undefined || retentionDays > 90) return '30d'
  return retentionDays > 14 ? '7d' : '1d'
}

/** The same for OpenSearch: roll over, and delete when the retention is over since then. */
export function statePolicy(retentionDays: number | undefined, indexPattern: string, mark: string): object {
  const keep = {
    name: 'write',
    actions: [{ rollover: { min_primary_shard_size: '50gb', min_index_age: rolloverAge(retentionDays) } }],
    transitions:
      retentionDays === undefined
        ? []
        : [{ state_name: 'delete', conditions: { min_rollover_age: `${retentionDays}d` } }],
  }
  const states =
    retentionDays === undefined ? [keep] : [keep, { name: 'delete', actions: [{ delete: {} }], transitions: [] }]
  return {
    policy: {
      description: `${mark}; ${retentionDays === undefined ? FOR_EVER : `deleted after ${retentionDays} days`}`,
      default_state: 'write',
      states,
      ism_template: [{ index_patterns: [indexPattern], priority: 250 }],
    },
  }
}
