import { registry } from '../src/datasets/index.ts'
import { DOCUMENTED } from '../test/datasets/documented.ts'
import { goldenFiles } from '../test/golden/golden.ts'
import { batchOf } from './records.ts'
import type { Compared } from './yardstick.ts'

const RECORDS = 1000
/** So that the compiler has seen enough when the first round counts. */
const BATCHES = 3

/** Datasets of one kind: figures of single ones are of few records and move; the family's are what is watched. */
export const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  web: [
    'account_abuse_protection_events',
    'firewall_events',
    'nel_reports',
    'page_shield_events',
    'sinkhole_http_logs',
    'turnstile_events',
    'websocket_analytics',
    'workers_trace_events',
    'zaraz_events',
  ],
  dns: ['dns_firewall_logs', 'dns_logs', 'gateway_dns'],
  network: [
    'gateway_http',
    'gateway_network',
    'ipsec_logs',
    'magic_bgp_logs',
    'magic_ids_detections',
    'mnm_flow_logs',
    'network_analytics_logs',
    'spectrum_events',
    'zero_trust_network_sessions',
  ],
  audit: ['access_requests', 'audit_logs', 'audit_logs_v2', 'mcp_portal_logs', 'ssh_logs'],
  devices: [
    'device_posture_results',
    'dex_application_tests',
    'dex_device_state_events',
    'warp_config_changes',
    'warp_toggle_changes',
  ],
  findings: [
    'biso_user_actions',
    'casb_findings',
    'dlp_forensic_copies',
    'email_security_alerts',
    'email_security_post_delivery_events',
  ],
}

export const familyOf = (dataset: string) =>
  Object.keys(FAMILIES).find(family => FAMILIES[family]!.includes(dataset)) ?? dataset

const golden = Map.groupBy(goldenFiles(), file => file.dataset)

export const datasetNames: readonly string[] = registry.map(({ name }) => name)

/**
 * The golden lines of a dataset in turn. As the sender makes them, all have the same keys in the same order, those of the job: what a line has not
 * comes in the form that says so. Their values repeat, as those of real traffic do: caches are warm.
 */
export function goldenBatch(dataset: string): Compared {
  const lines = linesOf(dataset)
  const batch = Array.from({ length: RECORDS }, (_, i) => lines[i % lines.length]!)
  return { bodies: Array(BATCHES).fill(batchOf(batch)), recordsPerBatch: RECORDS, dataset }
}

function linesOf(dataset: string): string[] {
  const records = golden.get(dataset)!.map(file => parseExact(file.golden.line))
  const types = new Map(DOCUMENTED[dataset]!.map(({ name, type }) => [name, type]))
  const names = [...new Set(records.flatMap(record => Object.keys(record)))]
  const noValues = Object.fromEntries(names.map(name => [name, noValueOf(types.get(name) ?? 'string')]))
  return records.map(record => JSON.stringify({ ...noValues, ...record }))
}

// TypeScript does not know it yet.
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => object }

/** Numbers stay as they are written. */
function parseExact(line: string): object {
  const keep = (_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' ? rawJSON(source!) : value
  return JSON.parse(line, keep as (key: string, value: unknown) => unknown) as object
}

function noValueOf(type: string): unknown {
  if (type.startsWith('array')) return []
  if (type.startsWith('object')) return {}
  if (type.startsWith('bool')) return false
  return /^(?:int|float|number)/.test(type) ? 0 : ''
}
