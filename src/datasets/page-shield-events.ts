import { text } from '../mapper/convert.ts'
import { host, url } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { PageShieldEvents } from './records.ts'

/** Violations of a content security policy. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/page_shield_events/ */
export default defineDataset<PageShieldEvents>()({
  name: 'page_shield_events',
  description: 'Page Shield {event.action}[ {cloudflare.CSPDirective}] {url.original}[ on {http.request.referrer}]',
  fixed: { category: ['network'], type: ['info'], observer: 'proxy' },
  when: {
    type: [
      [{ Action: 'allow*' }, '+allowed'],
      [{ Action: 'block*' }, '+denied'],
    ],
  },
  time: { time: ['Timestamp'] },
  fields: [
    ['Action', 'event.action', text],
    ['PolicyID', 'rule.id', text],
    ['PageURL', 'http.request.referrer', text],
    ['URL', 'url.*', url],
    ['URLHost', 'url.domain', host],
  ],
  related: { hosts: ['Host'] },
})
