import { text } from '../mapper/convert.ts'
import { host, url } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { BisoUserActions } from './records.ts'

/** What users did in isolated browsers: copy, print, download. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/biso_user_actions/ */
export default defineDataset<BisoUserActions>()({
  name: 'biso_user_actions',
  description: '{user.email|user.id} did {event.action} on {url.domain}[: {cloudflare.Decision}]',
  fixed: { category: ['network', 'web'], type: ['access'], observer: 'proxy' },
  when: {
    type: [
      [{ Decision: 'allow*' }, '+allowed'],
      [{ Decision: 'block*' }, '+denied'],
    ],
  },
  time: { time: ['Timestamp'] },
  fields: [
    ['AccountID', 'cloud.account.id', text],
    ['Type', 'event.action', text],
    ['UserEmail', 'user.email', text],
    ['UserID', 'user.id', text],
    ['URL', 'url.*', url],
    ['DomainName', 'url.domain', host],
  ],
})
