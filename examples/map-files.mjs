/**
 * Maps files that Logpush left in a bucket, each a batch: node map-files.mjs 20240506/*.log.gz > events.ndjson
 * The dataset may be given: DATASET=http_requests node map-files.mjs …
 */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { createMapper } from 'logpush-intake/mapper'

const mapper = createMapper()

/** @param {string[]} files */
function* eventsOf(files) {
  for (const file of files) {
    const bytes = readFileSync(file)
    const body = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
    for (const event of mapper.mapBatch(body, { dataset: process.env.DATASET })) yield `${JSON.stringify(event)}\n`
  }
}

await pipeline(Readable.from(eventsOf(process.argv.slice(2))), process.stdout)
