import { bool2, flag } from '../mapper/convert.ts'
import { rcode, rr } from '../mapper/convert-names.ts'
import { ip, name } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { DnsFirewallLogs } from './records.ts'

/** Queries to DNS Firewall clusters. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/dns_firewall_logs/ */
export default defineDataset<DnsFirewallLogs>()({
  name: 'dns_firewall_logs',
  description: '{source.ip} asked {dns.question.name}[ {dns.question.type}][: {dns.response_code}]',
  fixed: { category: ['network'], type: ['info'], observer: 'dns', 'network.protocol': 'dns' },
  when: {
    outcome: [
      [{ ClientResponseCode: '0' }, 'success'],
      [{ ClientResponseCode: 'present' }, 'failure'],
    ],
  },
  time: { time: ['Timestamp'] },
  fields: [
    ['SourceIP', 'source.ip', ip],
    ['UpstreamIP', 'destination.ip', ip],
    ['QueryName', 'dns.question.name', name],
    ['QueryType', 'dns.question.type', rr],
    ['ClientResponseCode', 'dns.response_code', rcode],
    ['QueryTCP', 'network.transport', bool2('tcp', 'udp')],
    ['QueryRD', 'dns.header_flags', flag('RD')],
    ['QueryDO', 'dns.header_flags', flag('DO')],
  ],
})
