import { country, ms, text } from '../mapper/convert.ts'
import { ip, url } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { McpPortalLogs } from './records.ts'

/** Calls to MCP servers through a portal. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/mcp_portal_logs/ */
export default defineDataset<McpPortalLogs>()({
  name: 'mcp_portal_logs',
  description:
    '{user.email|user.id|source.ip} called {event.action}[ {gen_ai.tool.name}][ on {url.domain}][: {event.outcome}]',
  fixed: { category: ['api'], type: ['access'], observer: 'proxy' },
  when: {
    outcome: [
      [{ Success: 'true' }, 'success'],
      [{ Success: 'false' }, 'failure'],
    ],
  },
  time: { time: ['Datetime'] },
  fields: [
    ['Method', 'event.action', text],
    ['UserEmail', 'user.email', text],
    ['UserID', 'user.id', text],
    ['ServerID', 'service.target.id', text],
    ['ToolCallName', 'gen_ai.tool.name', text],
    ['Error', 'error.message', text],
    ['ClientIP', 'source.ip', ip],
    ['ClientCountry', 'source.geo.country_iso_code', country],
    ['ServerResponseDurationMs', 'event.duration', ms],
    ['ServerURL', 'url.*', url],
  ],
})
