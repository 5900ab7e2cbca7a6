import { country, text } from '../mapper/convert.ts'
import { asn } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { NelReports } from './records.ts'

/** Network errors that browsers report. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/nel_reports/ */
export default defineDataset<NelReports>()({
  name: 'nel_reports',
  description: 'Network error {error.type}[ in {source.as.organization.name}][, {source.geo.country_iso_code}]',
  fixed: { category: ['network'], type: ['info'], observer: 'proxy' },
  when: {
    outcome: [
      [{ Type: 'ok' }, 'success'],
      [{ Type: 'present' }, 'failure'],
    ],
  },
  time: { time: ['Timestamp'] },
  fields: [
    ['Type', 'error.type', text],
    ['ClientIPASNDescription', 'source.as.organization.name', text],
    ['ClientIPASN', 'source.as.number', asn],
    ['ClientIPCountry', 'source.geo.country_iso_code', country],
  ],
})
