import { country, int, latlon, region, text, word } from '../mapper/convert.ts'
import { asn, fingerprint, host, http, ip, path, tls } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { HttpRequests } from './records.ts'

/** HTTP requests seen at the edge. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/ */
export default defineDataset<HttpRequests>()({
  name: 'http_requests',
  description: '{source.ip} {http.request.method} {destination.address}[{url.path}][: {http.response.status_code}]',
  published: { auto: 'on' },
  fixed: { category: ['web'], type: ['access'], observer: 'proxy' },
  time: {
    start: ['EdgeStartTimestamp'],
    end: ['EdgeEndTimestamp'],
    // C5
    time: ['datetime', 'EdgeStartTimestamp', 'EdgeEndTimestamp', 'Datetime'],
  },
  fields: [
    [['ClientRequestHost', 'clientRequestHTTPHost'], 'destination.address', text],
    [['ClientRequestMethod', 'clientRequestHTTPMethodName'], 'http.request.method', text],
    ['action', 'event.action', text],
    [['ClientCountry', 'clientCountryName'], 'source.geo.country_name', text],
    ['ruleId', 'rule.id', text],
    ['rulesetId', 'rule.ruleset', text],
    [['userAgent', 'ClientRequestUserAgent'], 'user_agent.original', text],
    ['ClientRequestReferer', 'http.request.referrer', text],
    [['ClientIP', 'clientIP'], 'source.ip', ip],
    ['EdgeResponseBytes', 'http.response.bytes', int],
    ['EdgeResponseStatus', 'http.response.status_code', int],
    ['ClientRequestBytes', 'http.request.bytes', int],
    ['ClientSrcPort', 'source.port', int],
    [['ClientASN', 'clientAsn'], 'source.as.number', asn],
    // C10
    [['ClientRequestPath', 'ClientRequestURI'], 'url.*', path],
    ['ClientRequestURI', 'url.*', path],
    // C6
    [['ClientRequestProtocol', 'clientRequestHTTPProtocol'], ['network.protocol', 'http.version'], http],
    // C9
    ['ClientSSLCipher', 'tls.cipher', word],
    ['ClientSSLProtocol', ['tls.version_protocol', 'tls.version'], tls],
    // C8
    [['ClientCountry', 'clientCountryName'], 'source.geo.country_iso_code', country],
  ],
  copy: '*',
  additions: {
    when: {
      outcome: [
        [{ EdgeResponseStatus: '1..399' }, 'success'],
        [{ EdgeResponseStatus: '400..999' }, 'failure'],
      ],
    },
    fields: [
      ['ClientRequestURI', 'url.original', text],
      ['ClientRequestScheme', 'url.scheme', text],
      ['ClientCity', 'source.geo.city_name', text],
      ['RayID', ['event.id', 'http.request.id'], text],
      ['ClientDeviceType', 'device.type', text],
      ['JA3Hash', 'tls.client.ja3', text],
      ['ClientTLSKeyExchangeGroup', 'tls.curve', text],
      [['SecurityRuleID', 'WAFRuleID'], 'rule.id', text],
      [['SecurityRuleDescription', 'WAFRuleMessage'], 'rule.description', text],
      [['SecurityAction', 'WAFAction'], 'event.action', word],
      [['ClientRequestHost', 'clientRequestHTTPHost'], ['url.domain', 'destination.domain'], host],
      ['OriginIP', 'destination.ip', ip],
      ['EdgeResponseBodyBytes', 'http.response.body.bytes', int],
      ['ClientRegionCode', 'source.geo.region_iso_code', region('ClientCountry')],
      ['ClientLatitude', 'source.geo.location', latlon('ClientLongitude')],
      ['ClientMTLSAuthCertFingerprint', 'tls.client.hash.*', fingerprint],
    ],
    related: { ip: ['EdgeServerIP'], hosts: ['EdgeRequestHost'], user: ['FraudUserID'], hash: ['JA4'] },
  },
})
