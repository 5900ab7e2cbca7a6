import { text } from '../mapper/convert.ts'
import { endpoint } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { SshLogs } from './records.ts'

/** Programs run over SSH through Access for Infrastructure. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/ssh_logs/ */
export default defineDataset<SshLogs>()({
  name: 'ssh_logs',
  description:
    '{user.email} {event.action}[ as {destination.user.name}] on {destination.ip|destination.domain}[: {error.message}]',
  fixed: { category: ['session'], type: ['start'], observer: 'proxy', 'network.protocol': 'ssh' },
  when: {
    type: [
      [{ ProgramFinishDatetime: 'present' }, ['end']],
      [{ SessionFinishDatetime: 'present' }, ['end']],
    ],
    outcome: [
      [{ Error: 'present' }, 'failure'],
      [{ SessionID: 'present' }, 'success'],
    ],
  },
  time: {
    time: ['Datetime'],
    start: ['ProgramStartDatetime', 'SessionStartDatetime'],
    end: ['ProgramFinishDatetime', 'SessionFinishDatetime'],
  },
  fields: [
    ['AccountID', 'cloud.account.id', text],
    ['ProgramType', 'event.action', text],
    ['UserEmail', 'user.email', text],
    ['UserID', 'user.id', text],
    ['Username', 'destination.user.name', text],
    ['Error', 'error.message', text],
    ['ClientAddress', 'source.*', endpoint],
    ['ServerAddress', 'destination.*', endpoint],
  ],
})
