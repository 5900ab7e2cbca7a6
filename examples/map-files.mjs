/**
 * Maps files that Logpush left in a bucket, each a batch: node map-files.mjs 20240506/*.log.gz > events.ndjson
 * The dataset may be given: DATASET=http_requests node map-files.mjs …
 */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { createMapper } from 'logpush-intake/mapper'

const files = process.argv.slice(2)
if (files.length === 0) {
  console.error('Usage: [DATASET=http_requests] node map-files.mjs <file> …')
  process.exit(2)
}

const mapper = createMapper()
// The mapper refuses a name that it does not know.
const dataset = /** @type {import('logpush-intake/mapper').DatasetName | undefined} */ (process.env.DATASET || undefined)

function* events() {
  for (const file of files) {
    const bytes = readFileSync(file)
    const body = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
    for (const event of mapper.mapBatch(body, { dataset })) yield `${JSON.stringify(event)}\n`
  }
}

await pipeline(Readable.from(events()), process.stdout).catch(error => {
  // Whoever reads has enough: … | head
  if (error.code !== 'EPIPE') throw error
})
