import { int, text } from '../mapper/convert.ts'
import { ip, url } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { AuditLogsV2 } from './records.ts'

/** Changes and views of an account's settings, the newer format. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/audit_logs_v2/ */
export default defineDataset<AuditLogsV2>()({
  name: 'audit_logs_v2',
  description:
    '{user.email|user.id|cloudflare.ActorType} did {event.action}[ on {cloudflare.ResourceType}][ {cloudflare.ResourceID}][: {event.outcome}]',
  fixed: { category: ['configuration'], type: ['info'], observer: 'proxy' },
  when: {
    type: [
      [{ ActionType: ['create*', 'add*'] }, ['creation']],
      [{ ActionType: ['delete*', 'remove*'] }, ['deletion']],
      [{ ActionType: ['update*', 'change*', 'edit*', 'set*'] }, ['change']],
      [{ ActionType: ['view*', 'read*', 'get*', 'list*'] }, ['access']],
    ],
    outcome: [
      [{ ActionResult: ['success', 'true'] }, 'success'],
      [{ ActionResult: ['fail*', 'false', 'error', 'denied'] }, 'failure'],
    ],
  },
  time: { time: ['ActionTimestamp'] },
  fields: [
    ['AccountID', 'cloud.account.id', text],
    ['AccountName', 'cloud.account.name', text],
    ['ActionType', 'event.action', text],
    ['AuditLogID', 'event.id', text],
    ['ActorEmail', 'user.email', text],
    ['ActorID', 'user.id', text],
    [['Raw.cf_ray_id', 'Raw.rayid'], 'http.request.id', text],
    ['Raw.method', 'http.request.method', text],
    ['Raw.user_agent', 'user_agent.original', text],
    ['ActorIPAddress', 'source.ip', ip],
    ['Raw.status_code', 'http.response.status_code', int],
    ['Raw.uri', 'url.*', url],
  ],
})
