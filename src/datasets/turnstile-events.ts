import { country, text } from '../mapper/convert.ts'
import { asn, host, ip } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { TurnstileEvents } from './records.ts'

/** Turnstile challenges. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/turnstile_events/ */
export default defineDataset<TurnstileEvents>()({
  name: 'turnstile_events',
  description: '{event.action} for {source.ip}[ on {url.domain}]',
  fixed: { category: ['web'], type: ['info'], observer: 'proxy' },
  when: {
    outcome: [
      [{ EventType: '*solved' }, 'success'],
      [{ EventType: ['*failed*', '*ratelimited'] }, 'failure'],
    ],
  },
  time: { time: ['Timestamp'] },
  fields: [
    ['EventType', 'event.action', text],
    ['BrowserName', 'user_agent.name', text],
    ['BrowserMajor', 'user_agent.version', text],
    ['OSName', 'user_agent.os.name', text],
    ['OSMajor', 'user_agent.os.version', text],
    ['UserAgent', 'user_agent.original', text],
    ['ClientIP', 'source.ip', ip],
    ['ASN', 'source.as.number', asn],
    ['CountryCode', 'source.geo.country_iso_code', country],
    ['Hostname', 'url.domain', host],
  ],
})
