import { country, region, share, text } from '../mapper/convert.ts'
import { ostype } from '../mapper/convert-names.ts'
import { asn, ip } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { DexDeviceStateEvents } from './records.ts'

/** The state of enrolled devices: load, network, tunnel. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/dex_device_state_events/ */
export default defineDataset<DexDeviceStateEvents>()({
  name: 'dex_device_state_events',
  description: 'Device {device.id}[ is {cloudflare.Status}][ in mode {cloudflare.Mode}][ at {cloudflare.WarpColoCode}]',
  fixed: { category: ['host'], type: ['info'], observer: 'agent' },
  time: { time: ['Timestamp'] },
  fields: [
    ['AccountID', 'cloud.account.id', text],
    ['DeviceID', ['device.id', 'host.id'], text],
    ['ClientPlatform', 'host.os.name', text],
    [['ISPIPv4ASO', 'ISPIPv6ASO'], 'source.as.organization.name', text],
    [['ISPIPv4City', 'ISPIPv6City'], 'source.geo.city_name', text],
    [['ISPIPv4Zip', 'ISPIPv6Zip'], 'source.geo.postal_code', text],
    ['NetworkSSID', 'network.name', text],
    ['ClientPlatform', 'host.os.type', ostype],
    [['ISPIPv4Address', 'ISPIPv6Address'], 'source.ip', ip],
    ['DeviceIPv4Address', 'host.ip', ip],
    ['DeviceIPv6Address', 'host.ip', ip],
    [['ISPIPv4ASN', 'ISPIPv6ASN'], 'source.as.number', asn],
    [['ISPIPv4CountryISO', 'ISPIPv6CountryISO'], 'source.geo.country_iso_code', country],
    // Two lines for one rule: each subdivision has its own country.
    ['ISPIPv4StateISO', 'source.geo.region_iso_code', region('ISPIPv4CountryISO')],
    ['ISPIPv6StateISO', 'source.geo.region_iso_code', region('ISPIPv6CountryISO')],
    ['CPUPercentage', 'host.cpu.usage', share],
  ],
  related: { ip: ['ISPIPv6Address', 'GatewayIPv4Address', 'GatewayIPv6Address'] },
})
