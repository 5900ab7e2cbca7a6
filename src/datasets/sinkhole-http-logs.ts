import { int, text } from '../mapper/convert.ts'
import { host, ip, url } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { SinkholeHttpLogs } from './records.ts'

/** HTTP requests to a sinkhole. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/sinkhole_http_logs/ */
export default defineDataset<SinkholeHttpLogs>()({
  name: 'sinkhole_http_logs',
  description: 'Sinkhole: {source.ip} {http.request.method} {url.original}',
  fixed: { category: ['network', 'web'], type: ['access'], observer: 'sensor', 'network.protocol': 'http' },
  time: { time: ['Timestamp'] },
  fields: [
    ['AccountID', 'cloud.account.id', text],
    ['Method', 'http.request.method', text],
    ['Referrer', 'http.request.referrer', text],
    ['Body', 'http.request.body.content', text],
    ['UserAgent', 'user_agent.original', text],
    ['Username', 'user.name', text],
    ['SrcAddr', 'source.ip', ip],
    ['DestAddr', 'destination.ip', ip],
    ['Host', 'destination.domain', host],
    ['BodyLength', 'http.request.body.bytes', int],
    [['URL', 'URI'], 'url.*', url],
    ['Host', 'url.domain', host],
  ],
})
