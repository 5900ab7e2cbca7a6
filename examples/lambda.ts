/** An AWS Lambda behind a function URL that Logpush sends to: ECS events go on to another service as NDJSON. */
import { gunzipSync } from 'node:zlib'
import { createMapper } from 'logpush-intake/mapper'

interface FunctionUrlEvent {
  headers: Record<string, string | undefined>
  body?: string
  isBase64Encoded: boolean
}

const mapper = createMapper({ keepOriginal: false })

export async function handler(event: FunctionUrlEvent): Promise<{ statusCode: number; body: string }> {
  const { INTAKE_KEY, SINK_URL } = process.env
  if (INTAKE_KEY === undefined || SINK_URL === undefined) throw new Error('Set INTAKE_KEY and SINK_URL.')
  if (event.headers.authorization !== INTAKE_KEY) return { statusCode: 401, body: 'Wrong key.' }

  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8')
  const isGzip = event.headers['content-encoding'] === 'gzip'
  const body = (isGzip ? gunzipSync(bytes) : bytes).toString()

  let ndjson = ''
  for (const mapped of mapper.mapBatch(body)) ndjson += `${JSON.stringify(mapped)}\n`

  const headers = { 'Content-Type': 'application/x-ndjson' }
  const answer = await fetch(SINK_URL, { method: 'POST', headers, body: ndjson })
  // Anything but 200, and Logpush sends the batch again.
  if (!answer.ok) return { statusCode: 503, body: `The sink answered ${answer.status}.` }
  return { statusCode: 200, body: 'Delivered.' }
}
