import { text } from '../mapper/convert.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { WarpToggleChanges } from './records.ts'

/** WARP clients that were switched on or off. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/warp_toggle_changes/ */
export default defineDataset<WarpToggleChanges>()({
  name: 'warp_toggle_changes',
  description: '{user.email|host.name|device.id} switched WARP[: {cloudflare.Toggled}]',
  fixed: { category: ['configuration'], type: ['change'], observer: 'agent', 'event.action': 'warp-toggle-change' },
  time: { time: ['Timestamp'] },
  fields: [
    ['AccountID', 'cloud.account.id', text],
    ['AccountName', 'cloud.account.name', text],
    ['DeviceID', ['device.id', 'host.id'], text],
    ['SerialNumber', 'device.serial_number', text],
    ['Hostname', 'host.hostname', text],
    ['UserEmail', 'user.email', text],
  ],
})
