import { country, int, ms, region, text } from '../mapper/convert.ts'
import { ostype, transport } from '../mapper/convert-names.ts'
import { asn, host, ip, url } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { DexApplicationTests } from './records.ts'

/** HTTP and traceroute tests from enrolled devices. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/dex_application_tests/ */
export default defineDataset<DexApplicationTests>()({
  name: 'dex_application_tests',
  description:
    'DEX test[ {cloudflare.TestType}] from {device.id}[ to {url.original}][ to {destination.domain}][: {http.response.status_code}][ {error.message}]',
  fixed: { category: ['network'], type: ['info'], observer: 'agent' },
  when: {
    outcome: [
      [{ HTTPErrorMessage: 'present' }, 'failure'],
      [{ HTTPStatusCode: '1..399' }, 'success'],
      [{ HTTPStatusCode: '400..999' }, 'failure'],
    ],
  },
  time: { time: ['Timestamp'], end: ['TracerouteTimeEnd'] },
  fields: [
    ['AccountID', 'cloud.account.id', text],
    ['DeviceID', ['device.id', 'host.id'], text],
    ['UserEmail', 'user.email', text],
    ['UserID', 'user.id', text],
    ['ClientPlatform', 'host.os.name', text],
    ['HTTPMethod', 'http.request.method', text],
    ['HTTPResponseBody', 'http.response.body.content', text],
    ['HTTPErrorMessage', 'error.message', text],
    [['HTTPClientIPASO', 'TracerouteSourceIPASO'], 'source.as.organization.name', text],
    [['HTTPClientIPCity', 'TracerouteSourceIPCity'], 'source.geo.city_name', text],
    [['HTTPClientIPZip', 'TracerouteSourceIPZip'], 'source.geo.postal_code', text],
    [['HTTPServerIPASO', 'TracerouteDestinationIPASO'], 'destination.as.organization.name', text],
    [['HTTPServerIPCity', 'TracerouteDestinationIPCity'], 'destination.geo.city_name', text],
    [['HTTPServerIPZip', 'TracerouteDestinationIPZip'], 'destination.geo.postal_code', text],
    ['ClientPlatform', 'host.os.type', ostype],
    [['HTTPClientIPAddress', 'TracerouteSourceIPAddress'], 'source.ip', ip],
    [['HTTPServerIPAddress', 'TracerouteDestinationIPAddress'], 'destination.ip', ip],
    [['HTTPClientIPASN', 'TracerouteSourceIPASN'], 'source.as.number', asn],
    [['HTTPServerIPASN', 'TracerouteDestinationIPASN'], 'destination.as.number', asn],
    [['HTTPClientIPCountryISO', 'TracerouteSourceIPCountryISO'], 'source.geo.country_iso_code', country],
    [['HTTPServerIPCountryISO', 'TracerouteDestinationIPCountryISO'], 'destination.geo.country_iso_code', country],
    // Two lines for one rule: each subdivision has its own country.
    ['HTTPClientIPStateISO', 'source.geo.region_iso_code', region('HTTPClientIPCountryISO')],
    ['TracerouteSourceIPStateISO', 'source.geo.region_iso_code', region('TracerouteSourceIPCountryISO')],
    ['HTTPServerIPStateISO', 'destination.geo.region_iso_code', region('HTTPServerIPCountryISO')],
    ['TracerouteDestinationIPStateISO', 'destination.geo.region_iso_code', region('TracerouteDestinationIPCountryISO')],
    ['TracerouteDestinationHostname', 'destination.domain', host],
    ['HTTPStatusCode', 'http.response.status_code', int],
    ['HTTPResponseBodyBytes', 'http.response.body.bytes', int],
    ['TracerouteDurationMs', 'event.duration', ms],
    ['TracerouteProtocol', 'network.transport', transport],
    ['HTTPURL', 'url.*', url],
  ],
})
