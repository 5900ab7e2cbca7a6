import { map, text } from '../mapper/convert.ts'
import { endpoint } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { MagicBgpLogs } from './records.ts'

/** Events of BGP sessions over tunnels. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/magic_bgp_logs/ */
export default defineDataset<MagicBgpLogs>()({
  name: 'magic_bgp_logs',
  description: 'BGP {event.action}[ on {observer.ingress.interface.name}][ {network.direction}][: {event.reason}]',
  fixed: {
    category: ['network'],
    type: ['protocol'],
    observer: 'router',
    'network.protocol': 'bgp',
    'network.transport': 'tcp',
  },
  when: {
    category: [[{ EventKind: '*_config_changed' }, '+configuration']],
    type: [[{ EventKind: '*_config_changed' }, ['change']]],
    outcome: [[{ EventKind: 'tcp_handshake_failed' }, 'failure']],
  },
  time: { time: ['EventTimestamp'] },
  fields: [
    ['EventKind', 'event.action', text],
    ['TunnelID', 'observer.ingress.interface.id', text],
    ['TunnelName', 'observer.ingress.interface.name', text],
    ['EventData.reason', 'event.reason', text],
    ['Direction', 'network.direction', map({ to_cloudflare: 'inbound', from_cloudflare: 'outbound' })],
    ['EventData.src', 'source.*', endpoint],
    ['EventData.dst', 'destination.*', endpoint],
  ],
})
