import { country, geohash, map, text } from '../mapper/convert.ts'
import { ipproto, rr, transport } from '../mapper/convert-names.ts'
import { asn, ip, name, port } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { NetworkAnalyticsLogs } from './records.ts'

/**
 * Packets that DDoS protection and the network firewall judged; sampled, nothing is multiplied by SampleInterval.
 * https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/network_analytics_logs/
 */
export default defineDataset<NetworkAnalyticsLogs>()({
  name: 'network_analytics_logs',
  description:
    '{event.action} {source.ip} to {destination.ip}[ port {destination.port}][ {network.transport}][: {event.reason}]',
  fixed: { category: ['network'], type: ['info'], observer: 'firewall' },
  when: {
    type: [
      [{ Outcome: 'pass' }, '+allowed'],
      [{ Outcome: 'drop' }, '+denied'],
    ],
    outcome: [
      [{ Outcome: 'pass' }, 'success'],
      [{ Outcome: 'drop' }, 'failure'],
    ],
  },
  time: { time: ['Datetime'] },
  fields: [
    ['Outcome', 'event.action', text],
    ['RuleID', 'rule.id', text],
    ['RuleName', 'rule.name', text],
    ['RulesetID', 'rule.ruleset', text],
    ['MitigationReason', 'event.reason', text],
    [['SourceASNName', 'SourceASNDescription'], 'source.as.organization.name', text],
    [['DestinationASNName', 'DestinationASNDescription'], 'destination.as.organization.name', text],
    ['SourceGeoHash', 'source.geo.location', geohash],
    ['DestinationGeoHash', 'destination.geo.location', geohash],
    ['ColoGeoHash', 'observer.geo.location', geohash],
    ['ColoCity', 'observer.geo.city_name', text],
    ['IPProtocol', 'network.iana_number', text],
    ['IPSourceAddress', 'source.ip', ip],
    ['IPDestinationAddress', 'destination.ip', ip],
    ['SourcePort', 'source.port', port],
    ['DestinationPort', 'destination.port', port],
    ['SourceASN', 'source.as.number', asn],
    ['DestinationASN', 'destination.as.number', asn],
    ['SourceCountry', 'source.geo.country_iso_code', country],
    ['DestinationCountry', 'destination.geo.country_iso_code', country],
    ['ColoCountry', 'observer.geo.country_iso_code', country],
    ['IPProtocolName', 'network.transport', transport],
    ['IPProtocol', 'network.transport', ipproto],
    ['Direction', 'network.direction', map({ ingress: 'ingress', egress: 'egress' })],
    ['DNSQueryName', 'dns.question.name', name],
    ['DNSQueryType', 'dns.question.type', rr],
  ],
  community: { icmp: ['ICMPType', 'ICMPCode'] },
})
