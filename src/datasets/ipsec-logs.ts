import { lower } from '../mapper/convert.ts'
import { ip, port } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { IpsecLogs } from './records.ts'

/** Messages about IPsec tunnels. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/ipsec_logs/ */
export default defineDataset<IpsecLogs>()({
  name: 'ipsec_logs',
  description: '{cloudflare.Message}[ ({source.ip})]',
  fixed: { category: ['network'], type: ['info'], observer: 'vpn', 'network.protocol': 'ipsec' },
  time: { time: ['Timestamp'] },
  fields: [
    ['Level', 'log.level', lower],
    ['RemoteIP', 'source.ip', ip],
    ['LocalIP', 'destination.ip', ip],
    ['RemotePort', 'source.port', port],
    ['LocalPort', 'destination.port', port],
  ],
})
