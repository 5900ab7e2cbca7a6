import { text } from '../mapper/convert.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { WarpConfigChanges } from './records.ts'

/** WARP clients that moved to another configuration. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/warp_config_changes/ */
export default defineDataset<WarpConfigChanges>()({
  name: 'warp_config_changes',
  description:
    '{user.email|host.name|device.id} changed WARP config[ from {cloudflare.ConfigNameFrom}][ to {cloudflare.ConfigNameTo}]',
  fixed: { category: ['configuration'], type: ['change'], observer: 'agent', 'event.action': 'warp-config-change' },
  time: { time: ['Timestamp'] },
  fields: [
    ['AccountIDTo', 'cloud.account.id', text],
    ['AccountNameTo', 'cloud.account.name', text],
    ['DeviceID', ['device.id', 'host.id'], text],
    ['SerialNumber', 'device.serial_number', text],
    ['Hostname', 'host.hostname', text],
    ['UserEmail', 'user.email', text],
  ],
  copy: ['AccountIDTo', 'AccountNameTo'],
})
