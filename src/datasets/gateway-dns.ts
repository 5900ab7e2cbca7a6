import { country, int, ms, text } from '../mapper/convert.ts'
import { rcode, rr } from '../mapper/convert-names.ts'
import { ip, ips, name } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { GatewayDns } from './records.ts'

/** Queries to Gateway's resolver. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/gateway_dns/ */
export default defineDataset<GatewayDns>()({
  name: 'gateway_dns',
  description:
    '[{user.email} ]{source.ip} asked {dns.question.name}[ {dns.question.type}][: {dns.response_code}][ ({cloudflare.ResolverDecision})]',
  published: { auto: 'on' },
  // dns.resolved_ip is always there, the one empty value that is kept.
  fixed: { category: ['network'], type: ['info'], observer: 'dns', 'network.protocol': 'dns', 'dns.resolved_ip': [] },
  // C17
  when: { type: [[{ ResolverDecision: 'blocked*' }, '+denied']] },
  time: { time: ['Datetime'] },
  fields: [
    ['DeviceID', 'device.id', text],
    ['DeviceName', 'host.hostname', text],
    ['Protocol', 'network.transport', text],
    ['Email', 'user.email', text],
    ['UserID', 'user.id', text],
    ['QueryTypeName', 'dns.question.type', text],
    ['SrcIP', 'source.ip', ip],
    ['DstIP', 'destination.ip', ip],
    ['SrcPort', 'source.port', int],
    ['DstPort', 'destination.port', int],
    ['QueryName', 'dns.question.name', name],
    ['QueryType', 'dns.question.type', rr],
    ['RCode', 'dns.response_code', rcode],
    ['ResolvedIPs', 'dns.resolved_ip', ips],
  ],
  copy: [{ field: 'QueryType', text: true }, 'Policy', 'PolicyID', 'PolicyName', 'TimeZone', 'QueryID'],
  additions: {
    when: {
      outcome: [
        [{ RCode: '0' }, 'success'],
        [{ RCode: 'present' }, 'failure'],
      ],
    },
    fields: [
      ['AccountID', 'cloud.account.id', text],
      ['DeviceID', 'host.id', text],
      ['QueryID', 'event.id', text],
      ['PolicyID', 'rule.id', text],
      [['PolicyName', 'Policy'], 'rule.name', text],
      ['TimeZone', 'event.timezone', text],
      ['SrcIPContinentCode', 'source.geo.continent_code', text],
      ['SrcIPCountryCode', 'source.geo.country_iso_code', country],
      ['ResponseTimeMs', 'event.duration', ms],
    ],
    related: { ip: ['AuthoritativeNameServerIPs', 'InitialResolvedIPs'], hosts: ['CNAMEs'] },
  },
})
