import { country, int, module, text, word } from '../mapper/convert.ts'
import { asn, http, ip, query, referrer, tls } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { FirewallEvents } from './records.ts'

/** Rules that matched a request. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/firewall_events/ */
export default defineDataset<FirewallEvents, 'source'>()({
  name: 'firewall_events',
  description:
    '{event.action} of {http.request.method} {url.domain}{url.path} from {source.ip}[ by {cloudflare.source}][ rule {rule.id}]',
  published: { auto: 'on', dataset: 'firewall-events' },
  fixed: { category: ['network'], observer: 'firewall' },
  when: {
    type: [
      [{ Action: ['allow', 'bypass', 'skip', '*bypassed', '*solved', 'managedchallengeskipped'] }, ['allowed']],
      [{ Action: ['block', 'challengefailed', 'jschallengefailed'] }, ['denied']],
      [{ Action: ['connectionclose', 'forceconnectionclose'] }, ['end']],
      // C12
      ['else', ['info']],
    ],
  },
  time: { time: ['Datetime'] },
  fields: [
    ['Action', 'event.action', text],
    ['ClientCountry', 'source.geo.country_name', text],
    ['ClientRequestHost', ['destination.domain', 'url.domain'], text],
    ['ClientRequestMethod', 'http.request.method', text],
    ['ClientRequestPath', 'url.path', text],
    ['ClientRequestScheme', 'url.scheme', text],
    ['ClientRequestUserAgent', 'user_agent.original', text],
    ['ClientRequestReferer', 'http.request.referrer', text],
    ['Description', 'rule.description', text],
    ['Ref', 'rule.reference', text],
    ['rulesetId', 'rule.ruleset', text],
    ['RuleId', 'rule.id', text],
    ['ClientIP', 'source.ip', ip],
    ['EdgeResponseStatus', 'http.response.status_code', int],
    ['ClientRequestBytes', 'http.request.bytes', int],
    ['ClientSrcPort', 'source.port', int],
    ['Source', 'event.module', module],
    // C11
    ['RuleID', 'rule.id', text],
    ['ClientASNDescription', 'source.as.organization.name', text],
    // C6
    [['ClientRequestProtocol', 'clientRequestHTTPProtocol'], ['network.protocol', 'http.version'], http],
    // C12
    ['ClientRequestQuery', 'url.query', query],
    // C9
    ['ClientSSLCipher', 'tls.cipher', word],
    ['ClientSSLProtocol', ['tls.version_protocol', 'tls.version'], tls],
    // C11
    [['ClientASN', 'jClientASN'], 'source.as.number', asn],
    // C8
    ['ClientCountry', 'source.geo.country_iso_code', country],
  ],
  copy: ['RayID', 'EdgeResponseStatus', { field: 'Source', as: 'source' }],
  additions: {
    fields: [
      ['RayID', 'http.request.id', text],
      [
        'ClientRefererHost',
        'http.request.referrer',
        referrer('ClientRefererScheme', 'ClientRefererPath', 'ClientRefererQuery'),
      ],
    ],
    related: { hosts: ['ClientRefererHost'], user: ['FraudUserID'] },
  },
})
