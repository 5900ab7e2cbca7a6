import { join, list, text, time } from '../mapper/convert.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { EmailSecurityPostDeliveryEvents } from './records.ts'

/** Moves, releases and other actions on delivered mails. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/email_security_post_delivery_events/ */
export default defineDataset<EmailSecurityPostDeliveryEvents>()({
  name: 'email_security_post_delivery_events',
  description: '{event.action} of mail[ {email.subject}] for {user.target.email}[ by {user.email}][: {event.outcome}]',
  fixed: { category: ['email'], type: ['info'], observer: 'email' },
  when: {
    outcome: [
      [{ Success: 'true' }, 'success'],
      [{ Success: 'false' }, 'failure'],
    ],
  },
  time: { time: ['CompletedAt', 'RequestedAt'], start: ['RequestedAt'], end: ['CompletedAt'] },
  fields: [
    ['Operation', 'event.action', text],
    ['Subject', 'email.subject', text],
    ['MessageID', 'email.message_id', text],
    ['PostfixID', 'email.local_id', text],
    ['RequestedBy', 'user.email', text],
    ['Recipient', 'user.target.email', text],
    ['MessageTimestamp', 'email.origination_timestamp', time],
    ['From', 'email.from.address', list],
    ['To', 'email.to.address', list],
    ['Reasons', 'event.reason', join],
  ],
  related: { user: ['From', 'To'] },
})
