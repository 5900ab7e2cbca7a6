import { int, text } from '../mapper/convert.ts'
import { asn, host, ip, path } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { WebsocketAnalytics } from './records.ts'

/** WebSocket connections at the edge. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/websocket_analytics/ */
export default defineDataset<WebsocketAnalytics>()({
  name: 'websocket_analytics',
  description: 'WebSocket {source.ip} to {url.domain}[{url.path}][ closed: {event.reason}]',
  fixed: { category: ['network'], type: ['connection'], observer: 'proxy', 'network.protocol': 'websocket' },
  when: {
    outcome: [
      [{ first: ['ConnectionCloseReason', 'connectionCloseReason'], is: ['none', 'peerNoError'] }, 'success'],
      [{ first: ['ConnectionCloseReason', 'connectionCloseReason'], is: 'present' }, 'failure'],
    ],
  },
  time: {
    time: ['EdgeStartTimestamp', 'timestampStartNanos', 'EdgeEndTimestamp'],
    start: ['EdgeStartTimestamp', 'timestampStartNanos'],
    end: ['EdgeEndTimestamp', 'timestampEndNanos'],
  },
  fields: [
    [['ConnectionID', 'connectionId'], 'event.id', text],
    [['RayID', 'rayId'], 'http.request.id', text],
    [['ClientRequestUserAgent', 'clientRequestUserAgent'], 'user_agent.original', text],
    [['ConnectionCloseReason', 'connectionCloseReason'], 'event.reason', text],
    ['accountId', 'cloud.account.id', text],
    [['ClientIP', 'clientIP'], 'source.ip', ip],
    [['ClientASN', 'clientASN'], 'source.as.number', asn],
    [['ClientRequestHost', 'clientRequestHTTPHost'], ['url.domain', 'destination.domain'], host],
    [['ClientRequestPath', 'clientRequestPath'], 'url.*', path],
    ['BytesReceivedClient', 'source.bytes', int],
    ['BytesSentClient', 'destination.bytes', int],
  ],
})
