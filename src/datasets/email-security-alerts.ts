import { join, list, text } from '../mapper/convert.ts'
import { asn, attachments, host, ip } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { EmailSecurityAlerts } from './records.ts'

/** Mails that Email Security found to be a threat. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/email_security_alerts/ */
export default defineDataset<EmailSecurityAlerts>()({
  name: 'email_security_alerts',
  description:
    'Mail from {email.from.address}[ to {email.to.address}][: {email.subject}][ is {cloudflare.FinalDisposition}]',
  fixed: { category: ['email', 'network'], type: ['info'], observer: 'email' },
  when: { kind: [[{ FinalDisposition: ['malicious', 'suspicious', 'spoof'] }, 'alert']] },
  time: { time: ['Timestamp'] },
  fields: [
    ['AlertID', 'event.id', text],
    ['Subject', 'email.subject', text],
    ['MessageID', 'email.message_id', text],
    ['SMTPEnvelopeFrom', 'email.sender.address', text],
    ['SMTPHeloServerIPAsName', 'source.as.organization.name', text],
    ['SMTPHeloServerIPGeo', 'source.geo.name', text],
    ['From', 'email.from.address', list],
    ['To', 'email.to.address', list],
    ['CC', 'email.cc.address', list],
    ['BCC', 'email.bcc.address', list],
    ['ReplyTo', 'email.reply_to.address', list],
    ['AlertReasons', 'event.reason', join],
    ['SMTPHeloServerIP', 'source.ip', ip],
    ['SMTPHeloServerIPAsNumber', 'source.as.number', asn],
    ['SMTPHeloServerName', 'source.domain', host],
    ['Attachments', 'email.attachments', attachments],
  ],
  related: {
    hosts: ['Links'],
    user: ['From', 'To', 'CC', 'BCC', 'ReplyTo', 'OriginalSender', 'SMTPEnvelopeFrom', 'SMTPEnvelopeTo'],
  },
})
