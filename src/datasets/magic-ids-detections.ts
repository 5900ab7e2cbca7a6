import { text } from '../mapper/convert.ts'
import { transport } from '../mapper/convert-names.ts'
import { ip, port } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { MagicIdsDetections } from './records.ts'

/** Packets that met a signature of the intrusion detection. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/magic_ids_detections/ */
export default defineDataset<MagicIdsDetections>()({
  name: 'magic_ids_detections',
  description: '{event.action} {rule.name|rule.id}: {source.ip} to {destination.ip}[ port {destination.port}]',
  fixed: { kind: 'alert', category: ['network', 'intrusion_detection'], type: ['info'], observer: 'ids' },
  when: {
    type: [
      [{ Action: 'pass' }, '+allowed'],
      [{ Action: 'block' }, '+denied'],
    ],
  },
  time: { time: ['Timestamp'] },
  fields: [
    ['Action', 'event.action', text],
    ['SignatureID', 'rule.id', text],
    ['SignatureMessage', 'rule.name', text],
    ['SignatureRevision', 'rule.version', text],
    ['ColoCity', 'observer.geo.city_name', text],
    ['SourceIP', 'source.ip', ip],
    ['DestinationIP', 'destination.ip', ip],
    ['SourcePort', 'source.port', port],
    ['DestinationPort', 'destination.port', port],
    ['Protocol', 'network.transport', transport],
  ],
  community: true,
})
