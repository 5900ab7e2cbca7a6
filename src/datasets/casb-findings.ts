import { text } from '../mapper/convert.ts'
import { severity } from '../mapper/convert-names.ts'
import { url } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { CasbFindings } from './records.ts'

/** Risky settings found in connected SaaS and cloud accounts. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/casb_findings/ */
export default defineDataset<CasbFindings>()({
  name: 'casb_findings',
  description:
    '{rule.name}[ ({cloudflare.FindingTypeSeverity})][ on {cloudflare.AssetDisplayName}][ in {cloudflare.IntegrationDisplayName}]',
  fixed: { category: ['configuration'], type: ['info'], observer: 'casb' },
  time: { time: ['DetectedTimestamp'] },
  fields: [
    ['InstanceID', 'event.id', text],
    ['FindingTypeID', 'rule.id', text],
    ['FindingTypeDisplayName', 'rule.name', text],
    ['FindingTypeSeverity', 'event.severity', severity],
    ['AssetLink', 'url.*', url],
  ],
})
