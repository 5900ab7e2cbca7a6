import type { AnyTable } from '../mapper/dataset.ts'
import type { DatasetEntry } from '../mapper/mapper.ts'
import { plainDataset } from '../mapper/plain.ts'
import accessRequests from './access-requests.ts'
import accountAbuseProtectionEvents from './account-abuse-protection-events.ts'
import auditLogs from './audit-logs.ts'
import auditLogsV2 from './audit-logs-v2.ts'
import bisoUserActions from './biso-user-actions.ts'
import casbFindings from './casb-findings.ts'
import devicePostureResults from './device-posture-results.ts'
import dexApplicationTests from './dex-application-tests.ts'
import dexDeviceStateEvents from './dex-device-state-events.ts'
import dlpForensicCopies from './dlp-forensic-copies.ts'
import dnsFirewallLogs from './dns-firewall-logs.ts'
import dnsLogs from './dns-logs.ts'
import emailSecurityAlerts from './email-security-alerts.ts'
import emailSecurityPostDeliveryEvents from './email-security-post-delivery-events.ts'
import facts from './facts.json' with { type: 'json' }
import firewallEvents from './firewall-events.ts'
import gatewayDns from './gateway-dns.ts'
import gatewayHttp from './gateway-http.ts'
import gatewayNetwork from './gateway-network.ts'
import httpRequests from './http-requests.ts'
import ipsecLogs from './ipsec-logs.ts'
import magicBgpLogs from './magic-bgp-logs.ts'
import magicIdsDetections from './magic-ids-detections.ts'
import mcpPortalLogs from './mcp-portal-logs.ts'
import mnmFlowLogs from './mnm-flow-logs.ts'
import nelReports from './nel-reports.ts'
import networkAnalyticsLogs from './network-analytics-logs.ts'
import pageShieldEvents from './page-shield-events.ts'
import sinkholeHttpLogs from './sinkhole-http-logs.ts'
import spectrumEvents from './spectrum-events.ts'
import spellings from './spellings.json' with { type: 'json' }
import sshLogs from './ssh-logs.ts'
import { STREAMS } from './streams.ts'
import turnstileEvents from './turnstile-events.ts'
import warpConfigChanges from './warp-config-changes.ts'
import warpToggleChanges from './warp-toggle-changes.ts'
import websocketAnalytics from './websocket-analytics.ts'
import workersTraceEvents from './workers-trace-events.ts'
import zarazEvents from './zaraz-events.ts'
import zeroTrustNetworkSessions from './zero-trust-network-sessions.ts'

const TABLES: readonly AnyTable[] = [
  accessRequests,
  accountAbuseProtectionEvents,
  auditLogs,
  auditLogsV2,
  bisoUserActions,
  casbFindings,
  devicePostureResults,
  dexApplicationTests,
  dexDeviceStateEvents,
  dlpForensicCopies,
  dnsFirewallLogs,
  dnsLogs,
  emailSecurityAlerts,
  emailSecurityPostDeliveryEvents,
  firewallEvents,
  gatewayDns,
  gatewayHttp,
  gatewayNetwork,
  httpRequests,
  ipsecLogs,
  magicBgpLogs,
  magicIdsDetections,
  mcpPortalLogs,
  mnmFlowLogs,
  nelReports,
  networkAnalyticsLogs,
  pageShieldEvents,
  sinkholeHttpLogs,
  spectrumEvents,
  sshLogs,
  turnstileEvents,
  warpConfigChanges,
  warpToggleChanges,
  websocketAnalytics,
  workersTraceEvents,
  zarazEvents,
  zeroTrustNetworkSessions,
]

interface Facts {
  readonly fields: Readonly<Record<string, string>>
  readonly timestamp_fields: readonly string[]
  readonly legacy_fields?: readonly { readonly name: string }[]
}

/** A dataset with what detection and the sinks know of it. */
export interface Dataset extends DatasetEntry {
  /** The fields that hold times, the best first. */
  readonly timestamps: readonly string[]
}

const tables = new Map(TABLES.map(table => [table.name, table]))
const otherSpellings: Readonly<Record<string, Readonly<Record<string, string>>>> = spellings.known

function datasetOf(name: string, { fields, timestamp_fields, legacy_fields = [] }: Facts): Dataset {
  return {
    name,
    known: [
      ...Object.keys(fields),
      ...legacy_fields.map(field => field.name),
      ...Object.keys(otherSpellings[name] ?? {}),
    ],
    stream: STREAMS[name],
    timestamps: timestamp_fields,
    table: tables.get(name) ?? plainDataset(name, timestamp_fields),
  }
}

/** All datasets of Logpush. Those without a table become events with everything below `cloudflare`. */
export const registry: readonly Dataset[] = Object.entries(facts).map(([name, fact]) => datasetOf(name, fact))
