import { country, int, json, sha256, text } from '../mapper/convert.ts'
import { host, http, ip, url } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { GatewayHttp } from './records.ts'

/** Requests through Gateway's proxy. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/gateway_http/ */
export default defineDataset<GatewayHttp>()({
  name: 'gateway_http',
  description: '[{user.email} ]{source.ip} {http.request.method} {url.original}[: {event.action}]',
  published: { auto: 'on' },
  fixed: { category: ['network'], type: ['info'], observer: 'proxy', 'network.protocol': 'http' },
  when: {
    type: [
      [{ Action: 'allow' }, ['info', 'allowed']],
      // C14
      [{ Action: ['deny', 'block*'] }, ['denied']],
    ],
  },
  time: { time: ['Datetime'] },
  fields: [
    ['Action', 'event.action', text],
    ['AccountID', 'cloud.account.id', text],
    ['DeviceID', 'device.id', text],
    ['DeviceName', 'host.hostname', text],
    ['BlockedFileName', 'file.name', text],
    ['BlockedFileType', 'file.type', text],
    ['HTTPMethod', 'http.request.method', text],
    ['Referer', 'http.request.referrer', text],
    ['UserID', 'user.id', text],
    ['Email', 'user.email', text],
    ['HTTPHost', 'destination.domain', host],
    ['SourceIP', 'source.ip', ip],
    ['DestinationIP', 'destination.ip', ip],
    ['SourcePort', 'source.port', int],
    ['DestinationPort', 'destination.port', int],
    ['BlockedFileSize', 'file.size', int],
    ['HTTPStatusCode', 'http.response.status_code', int],
    ['BlockedFileHash', 'file.hash.sha256', sha256],
    ['URL', 'url.*', url],
    ['FileInfo.files', 'cloudflare.file_list', json],
    // C13
    ['UserAgent', 'user_agent.original', text],
    // C7
    ['HTTPVersion', 'http.version', http],
  ],
  // C15
  related: { ip: ['SourceInternalIP', 'InternalSourceIP'] },
  copy: ['RequestID', 'PolicyID', 'PolicyName', 'VirtualNetworkName'],
  drop: [{ field: 'FileInfo', onlyKey: 'files' }],
  additions: {
    when: {
      outcome: [
        [{ HTTPStatusCode: '1..399' }, 'success'],
        [{ HTTPStatusCode: '400..999' }, 'failure'],
      ],
    },
    fields: [
      ['DeviceID', 'host.id', text],
      ['RequestID', ['event.id', 'http.request.id'], text],
      ['PolicyID', 'rule.id', text],
      ['PolicyName', 'rule.name', text],
      ['BlockedFileType', 'file.extension', text],
      ['VirtualNetworkName', 'network.name', text],
      ['SourceIPContinentCode', 'source.geo.continent_code', text],
      ['DestinationIPContinentCode', 'destination.geo.continent_code', text],
      ['SourceIPCountryCode', 'source.geo.country_iso_code', country],
      ['DestinationIPCountryCode', 'destination.geo.country_iso_code', country],
    ],
  },
})
