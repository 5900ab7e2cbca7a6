import { text } from '../mapper/convert.ts'
import { ip, url } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { ZarazEvents } from './records.ts'

/** Events that Zaraz loads third-party tools with. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/zaraz_events/ */
export default defineDataset<ZarazEvents>()({
  name: 'zaraz_events',
  description: 'Zaraz {event.action}[ from {source.ip}][ at {url.original}]',
  fixed: { category: ['web'], type: ['info'], observer: 'proxy' },
  when: {
    type: [[{ EventType: 'component_error' }, ['error']]],
    outcome: [[{ EventType: 'component_error' }, 'failure']],
  },
  time: { time: ['TimestampStart'] },
  fields: [
    ['EventType', 'event.action', text],
    ['RequestHeaders.user-agent', 'user_agent.original', text],
    ['RequestHeaders.referer', 'http.request.referrer', text],
    ['IP', 'source.ip', ip],
    ['URL', 'url.*', url],
  ],
})
