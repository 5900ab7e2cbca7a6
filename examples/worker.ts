/** A Cloudflare Worker that Logpush sends to: NDJSON in, one object of ECS events for each batch in an R2 bucket. */
import { createMapper } from 'logpush-intake/mapper'

interface Env {
  /** Sent by the job: `https://worker.example.com/?header_Authorization=<key>`. */
  INTAKE_KEY: string
  BUCKET: { put(key: string, value: string): Promise<unknown> }
}

const mapper = createMapper({ dropFields: ['Cookies', 'RequestHeaders.authorization'] })

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.headers.get('Authorization') !== env.INTAKE_KEY) return new Response('Wrong key.', { status: 401 })
    if (request.body === null) return new Response('No body.', { status: 400 })

    const isGzip = request.headers.get('Content-Encoding') === 'gzip'
    const stream = isGzip ? request.body.pipeThrough(new DecompressionStream('gzip')) : request.body
    const body = await new Response(stream).text()

    let ndjson = ''
    for (const event of mapper.mapBatch(body)) ndjson += `${JSON.stringify(event)}\n`

    // A throw is a 500, and Logpush sends the batch again: it is answered only when it is stored.
    await env.BUCKET.put(`${new Date().toISOString()}-${crypto.randomUUID()}.ndjson`, ndjson)
    return new Response('Stored.')
  },
}
