import { rcode, rr } from '../mapper/convert-names.ts'
import { ip, name } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { DnsLogs } from './records.ts'

/** Queries to a zone's name servers. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/dns_logs/ */
export default defineDataset<DnsLogs>()({
  name: 'dns_logs',
  description: '[{source.ip} ]asked {dns.question.name}[ {dns.question.type}][: {dns.response_code}]',
  published: { auto: 'on' },
  fixed: { category: ['network'], type: ['info'], observer: 'dns' },
  time: { time: ['Timestamp'] },
  fields: [
    ['QueryName', 'dns.question.name', name],
    ['QueryType', 'dns.question.type', rr],
    ['ResponseCode', 'dns.response_code', rcode],
    ['SourceIP', 'source.ip', ip],
  ],
  additions: {
    fixed: { 'network.protocol': 'dns' },
    when: {
      outcome: [
        [{ ResponseCode: '0' }, 'success'],
        [{ ResponseCode: 'present' }, 'failure'],
      ],
    },
  },
})
