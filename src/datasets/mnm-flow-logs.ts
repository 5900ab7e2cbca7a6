import { bits, int, split, text } from '../mapper/convert.ts'
import { ipproto } from '../mapper/convert-names.ts'
import { asn, ip, port } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { MnmFlowLogs } from './records.ts'

/**
 * Sampled flows of Magic Network Monitoring; counters as sampled, nothing is multiplied by SampleRate.
 * https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/mnm_flow_logs/
 */
export default defineDataset<MnmFlowLogs>()({
  name: 'mnm_flow_logs',
  description:
    'Flow {source.ip} to {destination.ip}[ port {destination.port}][ {network.transport}][, {network.bytes} bytes]',
  fixed: { category: ['network'], type: ['connection'], observer: 'sensor', 'event.action': 'network_flow' },
  time: { time: ['Timestamp', 'FlowTimestamp'] },
  fields: [
    ['Protocol', 'network.iana_number', text],
    ['DeviceID', 'device.id', text],
    ['SourceAddress', 'source.ip', ip],
    ['DestinationAddress', 'destination.ip', ip],
    ['SamplerAddress', 'observer.ip', ip],
    ['SourcePort', 'source.port', port],
    ['DestinationPort', 'destination.port', port],
    ['SourceAS', 'source.as.number', asn],
    ['DestinationAS', 'destination.as.number', asn],
    ['Protocol', 'network.transport', ipproto],
    ['Bits', 'network.bytes', bits],
    ['Packets', 'network.packets', int],
    ['RuleIDs', 'rule.id', split],
  ],
  community: true,
})
