import type { AnyTable } from '../mapper/dataset.ts'
import type { DatasetEntry } from '../mapper/mapper.ts'
import { plainDataset } from '../mapper/plain.ts'
import accessRequests from './access-requests.ts'
import auditLogs from './audit-logs.ts'
import dnsLogs from './dns-logs.ts'
import facts from './facts.json' with { type: 'json' }
import firewallEvents from './firewall-events.ts'
import gatewayDns from './gateway-dns.ts'
import gatewayHttp from './gateway-http.ts'
import gatewayNetwork from './gateway-network.ts'
import httpRequests from './http-requests.ts'
import spellings from './spellings.json' with { type: 'json' }
import { STREAMS } from './streams.ts'

const TABLES: readonly AnyTable[] = [
  accessRequests,
  auditLogs,
  dnsLogs,
  firewallEvents,
  gatewayDns,
  gatewayHttp,
  gatewayNetwork,
  httpRequests,
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
