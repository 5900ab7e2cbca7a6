import { text } from '../mapper/convert.ts'
import { ostype } from '../mapper/convert-names.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { DevicePostureResults } from './records.ts'

/** Posture checks of enrolled devices. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/device_posture_results/ */
export default defineDataset<DevicePostureResults>()({
  name: 'device_posture_results',
  description: 'Posture check {rule.name|rule.id} on {host.name|device.id}[: {event.outcome}][ ({user.email})]',
  fixed: { category: ['host'], type: ['info'], observer: 'agent' },
  when: {
    outcome: [
      [{ PostureEvaluatedResult: 'true' }, 'success'],
      [{ PostureEvaluatedResult: 'false' }, 'failure'],
    ],
  },
  time: { time: ['Timestamp'] },
  fields: [
    ['PolicyID', 'rule.id', text],
    ['PostureCheckName', 'rule.name', text],
    ['PostureCheckType', 'rule.category', text],
    ['DeviceID', ['device.id', 'host.id'], text],
    ['DeviceName', 'host.hostname', text],
    ['DeviceManufacturer', 'device.manufacturer', text],
    ['DeviceModel', 'device.model.name', text],
    ['DeviceSerialNumber', 'device.serial_number', text],
    ['DeviceType', 'host.os.family', text],
    ['OSVersion', 'host.os.version', text],
    ['Email', 'user.email', text],
    ['UserUID', 'user.id', text],
    ['DeviceType', 'host.os.type', ostype],
  ],
})
