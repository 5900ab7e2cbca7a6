import { country, int, sha256, text, word } from '../mapper/convert.ts'
import { transport } from '../mapper/convert-names.ts'
import { asn, ip, port, tls } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { SpectrumEvents } from './records.ts'

/** Connections through Spectrum. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/spectrum_events/ */
export default defineDataset<SpectrumEvents>()({
  name: 'spectrum_events',
  description:
    '{event.action} {source.ip}[ to {destination.ip}][ port {destination.port}][ ({cloudflare.Application})]',
  fixed: { category: ['network'], type: ['connection'], observer: 'proxy' },
  when: {
    type: [
      [{ Event: 'connect' }, '+start'],
      [{ Event: 'disconnect' }, '+end'],
      [{ Event: 'clientFiltered' }, '+denied'],
    ],
    outcome: [
      [{ Event: ['connect', 'disconnect'] }, 'success'],
      [{ Event: ['tlsError', 'originError'] }, 'failure'],
    ],
  },
  time: { time: ['Timestamp'], start: ['ConnectTimestamp'], end: ['DisconnectTimestamp'] },
  fields: [
    ['Event', 'event.action', text],
    ['ClientTlsClientHelloServerName', 'tls.client.server_name', text],
    ['ClientIP', 'source.ip', ip],
    ['OriginIP', 'destination.ip', ip],
    ['ClientPort', 'source.port', port],
    ['OriginPort', 'destination.port', port],
    ['ClientAsn', 'source.as.number', asn],
    ['ClientCountry', 'source.geo.country_iso_code', country],
    ['ClientBytes', 'source.bytes', int],
    ['OriginBytes', 'destination.bytes', int],
    ['ClientProto', 'network.transport', transport],
    ['ClientTlsCipher', 'tls.cipher', word],
    ['ClientTlsProtocol', ['tls.version_protocol', 'tls.version'], tls],
    ['OriginTlsFingerprint', 'tls.server.hash.sha256', sha256],
  ],
})
