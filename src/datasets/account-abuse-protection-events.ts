import { country, text } from '../mapper/convert.ts'
import { asn, host, ip } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { AccountAbuseProtectionEvents } from './records.ts'

/** Sign-ups, logins and transactions of the visitors of a zone. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/account_abuse_protection_events/ */
export default defineDataset<AccountAbuseProtectionEvents>()({
  name: 'account_abuse_protection_events',
  description:
    '{event.action} by {user.email|user.id|source.ip}[ on {url.domain}][: {cloudflare.AuthenticationStatus}]',
  fixed: { category: ['authentication'], type: ['info'], observer: 'proxy' },
  when: {
    category: [
      [{ EventType: ['signup', 'warpEnrollment', 'profileUpdate', 'passwordReset'] }, ['iam']],
      [{ EventType: ['transaction', 'addPaymentMethod'] }, ['web']],
    ],
    type: [
      [{ EventType: 'login' }, ['start']],
      [{ EventType: 'logout' }, ['end']],
      [{ EventType: ['signup', 'warpEnrollment'] }, ['user', 'creation']],
      [{ EventType: ['profileUpdate', 'passwordReset'] }, ['user', 'change']],
      [{ EventType: ['transaction', 'addPaymentMethod'] }, ['access']],
    ],
    outcome: [
      [{ AuthenticationStatus: 'success' }, 'success'],
      [{ AuthenticationStatus: 'failure*' }, 'failure'],
      [{ AuthenticationStatus: 'pendingMfa' }, 'unknown'],
    ],
  },
  time: { time: ['Timestamp'] },
  fields: [
    ['EventType', 'event.action', text],
    ['Email', 'user.email', text],
    ['UserID', 'user.id', text],
    ['ClientCity', 'source.geo.city_name', text],
    ['UserAgent', 'user_agent.original', text],
    ['RayID', 'http.request.id', text],
    ['ClientIP', 'source.ip', ip],
    ['ClientASN', 'source.as.number', asn],
    ['ClientCountry', 'source.geo.country_iso_code', country],
    ['Host', 'url.domain', host],
  ],
  related: { hash: ['JA4'] },
})
