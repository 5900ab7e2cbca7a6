import { country, int, lower, text } from '../mapper/convert.ts'
import { ip } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { GatewayNetwork } from './records.ts'

/** Connections through Gateway. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/gateway_network/ */
export default defineDataset<GatewayNetwork>()({
  name: 'gateway_network',
  description:
    '[{user.email} ]{source.ip} to {destination.domain|destination.ip}[ port {destination.port}][: {event.action}]',
  published: { auto: 'on', parts: ['destination'] },
  fixed: { category: ['network'], observer: 'proxy' },
  when: [
    {
      type: [
        [{ Action: 'allowedOnNoRuleMatch' }, ['allowed']],
        ['else', ['info']],
      ],
    },
    // C17
    { type: [[{ Action: 'block*' }, '+denied']] },
  ],
  time: { time: ['Datetime'] },
  fields: [
    ['Action', 'event.action', text],
    ['AccountID', 'cloud.account.id', text],
    ['DeviceID', 'device.id', text],
    ['DeviceName', 'host.hostname', text],
    ['Email', 'user.email', text],
    ['UserID', 'user.id', text],
    ['SNI', ['destination.domain', 'tls.client.server_name'], text],
    ['Transport', 'network.transport', text],
    ['DestinationIP', ['destination.ip', 'destination.address'], ip],
    ['SourceIP', 'source.ip', ip],
    ['SourcePort', 'source.port', int],
    ['DestinationPort', 'destination.port', int],
    // C16
    ['TransportProtocol', 'network.transport', text],
  ],
  // C15
  related: { ip: ['SourceInternalIP', 'InternalSourceIP'] },
  copy: ['SessionID', 'PolicyID', 'PolicyName', 'VirtualNetworkName'],
  additions: {
    fields: [
      ['DeviceID', 'host.id', text],
      ['SessionID', 'event.id', text],
      ['PolicyID', 'rule.id', text],
      ['PolicyName', 'rule.name', text],
      ['VirtualNetworkName', 'network.name', text],
      ['SourceIPContinentCode', 'source.geo.continent_code', text],
      ['DestinationIPContinentCode', 'destination.geo.continent_code', text],
      ['DetectedProtocol', 'network.protocol', lower],
      ['SourceIPCountryCode', 'source.geo.country_iso_code', country],
      ['DestinationIPCountryCode', 'destination.geo.country_iso_code', country],
    ],
    related: { ip: ['OverrideIP'] },
  },
})
