import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { bodiesOf } from '../bodies.ts'
import type { Settings } from '../lives.ts'
import type { Family } from './family.ts'
import { throughput, throughputColumns, throughputLine } from './throughput.ts'

const BATCH = 1000

/** The network sinks. The other side answers at once; it takes part of the same cores, and with gzip it has to inflate. */
export const sinks: Family = {
  name: 'sinks',
  title:
    'The network sinks, batches of 1,000 http_requests, 4 connections; the other side is a process on the same cores that answers at once',
  columns: throughputColumns,
  async *measure(scale) {
    const endpoint = spawn(process.execPath, [join(import.meta.dirname, '../bulk-endpoint.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [said] = (await once(endpoint.stdout, 'data')) as [Buffer]
      for (const [label, settings] of Object.entries(kindsOf(said.toString().trim()))) {
        const row = { label, settings, bodies: bodiesOf(BATCH), recordsPerBatch: BATCH, connections: 4 }
        yield throughputLine(label, await throughput(row, scale))
      }
    } finally {
      endpoint.kill()
    }
  },
}

function kindsOf(url: string): Readonly<Record<string, Settings>> {
  const elasticsearch = { SINKS: 'elasticsearch', ELASTICSEARCH_URL: url, ELASTICSEARCH_SETUP: 'off' }
  return {
    'elasticsearch, no compression': { ...elasticsearch, ELASTICSEARCH_COMPRESSION: 'none' },
    'elasticsearch, gzip': { ...elasticsearch, ELASTICSEARCH_COMPRESSION: 'gzip' },
    'http, events (gzip)': { SINKS: 'http', HTTP_URL: url },
    'http, lines (gzip)': { SINKS: 'http', HTTP_URL: url, HTTP_FORMAT: 'lines' },
  }
}
