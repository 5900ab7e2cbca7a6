import { country, text } from '../mapper/convert.ts'
import { hostpath, ip } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { AccessRequests } from './records.ts'

/** Logins to applications behind Access. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/access_requests/ */
export default defineDataset<AccessRequests>()({
  name: 'access_requests',
  description:
    '{user.email|source.ip}[ {event.action}] on {url.domain}[: {event.outcome}][ via {cloudflare.Connection}]',
  published: { auto: 'on' },
  fixed: { category: ['network', 'authentication'], type: ['info'], observer: 'proxy' },
  when: {
    type: [
      [{ Allowed: 'false' }, ['connection', 'denied']],
      [{ Action: 'logout' }, ['connection', 'end']],
      [{ Action: 'login', Allowed: 'true' }, ['connection', 'start']],
    ],
    // C1
    outcome: [
      [{ Allowed: 'true' }, 'success'],
      [{ Allowed: 'false' }, 'failure'],
      [{ ActionResult: 'true' }, 'success'],
      [{ ActionResult: 'false' }, 'failure'],
    ],
  },
  time: { time: ['CreatedAt', 'When'] },
  fields: [
    ['ActionType', 'event.action', text],
    [['Email', 'ActorEmail'], 'user.email', text],
    ['UserUID', 'user.id', text],
    ['IPAddress', 'client.ip', ip],
    [['IPAddress', 'ActorIP'], 'source.ip', ip],
    // C4
    ['Action', 'event.action', text],
    // C2
    ['AppDomain', 'url.*', hostpath],
    // C3
    ['Country', ['client.geo.country_iso_code', 'source.geo.country_iso_code'], country],
  ],
  copy: ['RayID'],
  drop: ['Allowed', 'ActionResult'],
  additions: {
    fields: [['RayID', 'event.id', text]],
    related: { user: ['TemporaryAccessApprovers'] },
  },
})
