import type { Compiled } from './compile.ts'
import type { AnyTable } from './dataset.ts'
import { createLayout } from './layout.ts'
import { createFields } from './sources.ts'
import { createState, resetState } from './state.ts'
import { compileTimes } from './times.ts'

/**
 * Profile `raw`: the line as it is, with what a data stream needs, for the ingest pipelines of Elastic's Cloudflare Logpush integration.
 * `stream` is the name of the dataset there.
 */
export function compileRaw(table: AnyTable, stream: string, namespace: string): Compiled {
  const fields = createFields()
  const layout = createLayout()
  const timestamp = layout.slot('@timestamp')
  const readTimes = compileTimes(table.time ?? {}, fields, layout)
  const names = [...fields.numbers.keys()]
  const state = createState(layout.size(), names.length)
  const dataset = `cloudflare_logpush.${stream}`
  const tags = ['forwarded', `cloudflare_logpush-${stream}`]

  return {
    plan: undefined,
    map(record, _keys, origin) {
      resetState(state)
      for (let i = 0; i < names.length; i++) state.inputs[i] = record[names[i]!]
      readTimes(state)
      const event = {
        '@timestamp': state.values[timestamp] ?? origin.time,
        event: { dataset, module: 'cloudflare_logpush' },
        data_stream: { dataset, namespace, type: 'logs' },
        tags: [...tags],
        message: origin.text,
      }
      return { event, rejected: state.rejected }
    },
  }
}
