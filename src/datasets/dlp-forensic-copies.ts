import { text } from '../mapper/convert.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { DlpForensicCopies } from './records.ts'

/** Copies of requests that met a DLP rule. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/dlp_forensic_copies/ */
export default defineDataset<DlpForensicCopies>()({
  name: 'dlp_forensic_copies',
  description: 'DLP copy {event.id} of request {http.request.id}[ by rule {rule.id}][ ({cloudflare.Phase})]',
  fixed: { category: ['network'], type: ['info'], observer: 'proxy' },
  time: { time: ['Datetime'] },
  fields: [
    ['AccountID', 'cloud.account.id', text],
    ['ForensicCopyID', 'event.id', text],
    ['GatewayRequestID', 'http.request.id', text],
    ['TriggeredRuleID', 'rule.id', text],
  ],
})
