import { json, text } from '../mapper/convert.ts'
import { ip } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { AuditLogs } from './records.ts'

/** Changes to the account. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/audit_logs/ */
export default defineDataset<AuditLogs>()({
  name: 'audit_logs',
  description:
    '{user.email|user.id|cloudflare.ActorType} did {event.action}[ on {cloudflare.ResourceType}][ {cloudflare.ResourceID}][ from {source.ip}]',
  // Out of the box exactly the published shape.
  published: { auto: 'off' },
  fixed: { category: ['network'], type: ['access'], observer: 'proxy' },
  time: { time: ['When'] },
  fields: [
    ['ActionType', 'event.action', text],
    ['OwnerID', 'cloud.account.id', text],
    ['ActorEmail', 'user.email', text],
    ['ActorID', 'user.id', text],
    ['ActorIP', 'source.ip', ip],
    ['Metadata.zone_name', 'cloudflare.zone_name', json],
    ['Metadata.zone_tag', 'cloudflare.zone_tag', json],
    ['Metadata.Request.client_default', 'cloudflare.request_client_default', json],
    ['Metadata.Request.name', 'cloudflare.request_name', json],
    ['Metadata.Request.networks', 'cloudflare.request_networks', json],
  ],
  copy: ['ID', 'Interface'],
  drop: ['Metadata', 'NewValue', 'OldValue'],
  additions: {
    when: {
      outcome: [
        [{ ActionResult: 'true' }, 'success'],
        [{ ActionResult: 'false' }, 'failure'],
      ],
    },
    fields: [
      ['ID', 'event.id', text],
      ['Interface', 'event.provider', text],
    ],
    copy: ['Metadata', 'NewValue', 'OldValue'],
  },
})
