import type { Json, JsonObject } from '../../src/mapper/types.ts'

/** A record of few fields, and values of its event with additions, lists sorted: the parts of the tables that no golden line needs. */
export type SmallCase = readonly [dataset: string, record: JsonObject, values: Readonly<Record<string, Json>>]

const TIME = '2024-05-06T07:08:10Z'
const LATER = '2024-05-06T07:08:20Z'

export const SMALL_CASES: readonly SmallCase[] = [
  ['access_requests', { Action: 'login', Allowed: true }, { 'event.type': ['connection', 'start'] }],
  ['access_requests', { ActionResult: false }, { 'event.outcome': 'failure' }],
  ['account_abuse_protection_events', { EventType: 'other' }, { 'event.type': ['info'] }],
  ['account_abuse_protection_events', { EventType: 'logout' }, { 'event.type': ['end'] }],
  ['account_abuse_protection_events', { EventType: 'passwordReset' }, { 'event.type': ['change', 'user'] }],
  ['account_abuse_protection_events', { AuthenticationStatus: 'success' }, { 'event.outcome': 'success' }],
  ['account_abuse_protection_events', { AuthenticationStatus: 'pendingMfa' }, { 'event.outcome': 'unknown' }],
  ['audit_logs_v2', { ActionType: 'other' }, { 'event.type': ['info'] }],
  ['audit_logs_v2', { ActionType: 'create' }, { 'event.type': ['creation'] }],
  ['audit_logs_v2', { ActionType: 'viewed' }, { 'event.type': ['access'] }],
  ['dex_application_tests', { HTTPStatusCode: 400 }, { 'event.outcome': 'failure' }],
  ['email_security_alerts', { OriginalSender: 'a@a.example' }, { 'related.user': ['a@a.example'] }],
  ['email_security_alerts', { SMTPEnvelopeFrom: 'b@a.example' }, { 'related.user': ['b@a.example'] }],
  ['email_security_alerts', { SMTPEnvelopeTo: ['c@a.example'] }, { 'related.user': ['c@a.example'] }],
  ['email_security_post_delivery_events', { To: ['d@a.example'] }, { 'related.user': ['d@a.example'] }],
  [
    'firewall_events',
    { ClientRequestReferer: 'https://a.example/' },
    { 'http.request.referrer': 'https://a.example/' },
  ],
  ['firewall_events', { rulesetId: 'set' }, { 'rule.ruleset': 'set' }],
  ['firewall_events', { ClientRequestBytes: 17 }, { 'http.request.bytes': 17 }],
  ['firewall_events', { ClientSrcPort: 4711 }, { 'source.port': 4711 }],
  ['firewall_events', { Action: 'connectionClose' }, { 'event.type': ['end'] }],
  ['firewall_events', { ClientRefererHost: 'a.example' }, { 'related.hosts': ['a.example'] }],
  ['gateway_dns', { Policy: 'old' }, { 'rule.name': 'old', 'cloudflare.Policy': 'old' }],
  ['gateway_dns', { InitialResolvedIPs: ['192.0.2.1'] }, { 'related.ip': ['192.0.2.1'] }],
  ['gateway_http', { InternalSourceIP: '10.0.0.1' }, { 'related.ip': ['10.0.0.1'] }],
  ['gateway_http', { Action: 'isolate' }, { 'event.type': ['info'] }],
  ['gateway_http', { SourceIPCountryCode: 'us' }, { 'source.geo.country_iso_code': 'US' }],
  ['gateway_network', { InternalSourceIP: '10.0.0.1' }, { 'related.ip': ['10.0.0.1'] }],
  [
    'http_requests',
    { ClientRequestPath: '/a', ClientRequestURI: '/b?c=d' },
    { 'url.path': '/a', 'url.query': 'c=d', 'url.original': '/b?c=d' },
  ],
  ['http_requests', { EdgeEndTimestamp: TIME, Datetime: LATER }, { '@timestamp': TIME, 'event.end': TIME }],
  ['http_requests', { Datetime: LATER }, { '@timestamp': LATER }],
  ['spectrum_events', { Event: 'connect' }, { 'event.type': ['connection', 'start'], 'event.outcome': 'success' }],
  ['ssh_logs', { ProgramFinishDatetime: TIME }, { 'event.type': ['end'], 'event.end': TIME }],
  ['ssh_logs', { SessionFinishDatetime: TIME }, { 'event.type': ['end'], 'event.end': TIME }],
  ['ssh_logs', { SessionStartDatetime: TIME }, { 'event.type': ['start'], 'event.start': TIME }],
  [
    'websocket_analytics',
    { timestampStartNanos: TIME, EdgeEndTimestamp: LATER },
    { '@timestamp': TIME, 'event.start': TIME, 'event.end': LATER, 'event.duration': 10_000_000_000 },
  ],
  ['zero_trust_network_sessions', { ConnectionCloseReason: 'UNKNOWN' }, { 'event.outcome': 'unknown' }],
]
