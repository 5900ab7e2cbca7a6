import { int, lower, text, word } from '../mapper/convert.ts'
import { transport } from '../mapper/convert-names.ts'
import { host, ip, port, tls } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { ZeroTrustNetworkSessions } from './records.ts'

/** Sessions through Gateway's network proxy. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/zero_trust_network_sessions/ */
export default defineDataset<ZeroTrustNetworkSessions>()({
  name: 'zero_trust_network_sessions',
  description:
    '[{user.email} ]{source.ip} to {destination.domain|destination.ip}[ port {destination.port}][: {event.reason}]',
  fixed: { category: ['network', 'session'], type: ['connection'], observer: 'proxy' },
  when: {
    outcome: [
      [{ ConnectionCloseReason: ['*_CLOSED', 'CLIENT_IDLE_TIMEOUT'] }, 'success'],
      [{ ConnectionCloseReason: 'UNKNOWN' }, 'unknown'],
      [{ ConnectionCloseReason: 'present' }, 'failure'],
    ],
  },
  time: { time: ['SessionStartTime', 'SessionEndTime'], start: ['SessionStartTime'], end: ['SessionEndTime'] },
  fields: [
    ['AccountID', 'cloud.account.id', text],
    ['SessionID', 'event.id', text],
    ['DeviceID', ['device.id', 'host.id'], text],
    ['DeviceName', 'host.hostname', text],
    ['Email', 'user.email', text],
    ['UserID', 'user.id', text],
    ['SNI', 'tls.client.server_name', text],
    ['ConnectionCloseReason', 'event.reason', text],
    ['OriginTLSCertificateIssuer', 'tls.server.issuer', text],
    [['SNI', 'ResolvedFQDN'], 'destination.domain', host],
    ['SourceIP', 'source.ip', ip],
    ['OriginIP', 'destination.ip', ip],
    ['EgressIP', 'source.nat.ip', ip],
    ['SourcePort', 'source.port', port],
    ['OriginPort', 'destination.port', port],
    ['EgressPort', 'source.nat.port', port],
    ['BytesSent', 'source.bytes', int],
    ['BytesReceived', 'destination.bytes', int],
    ['Protocol', 'network.transport', transport],
    ['DetectedProtocol', 'network.protocol', lower],
    ['ClientTLSCipher', 'tls.cipher', word],
    ['ClientTLSVersion', ['tls.version_protocol', 'tls.version'], tls],
  ],
  related: { ip: ['SourceInternalIP', 'InitialOriginIP'], hosts: ['ResolvedFQDN'] },
})
