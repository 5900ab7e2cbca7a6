/**
 * The other side of bench/sinks.ts, in a process of its own: takes everything and answers at once. `POST …/_bulk` is answered as
 * Elasticsearch does when it creates every document, any other POST with 200. Prints its URL when it listens.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'

const LF = 10
const answers = new Map<number, string>()

/** All documents created. */
function created(count: number): string {
  const known = answers.get(count)
  if (known !== undefined) return known
  const answer = `{"errors":false,"items":[${Array(count).fill('{"create":{"status":201}}').join(',')}]}`
  if (answers.size < 1000) answers.set(count, answer)
  return answer
}

function countLines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) count++
  return count
}

async function bulkAnswer(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let lines = 0
  const isGzip = request.headers['content-encoding'] === 'gzip'
  for await (const chunk of request) {
    if (isGzip) chunks.push(chunk)
    else lines += countLines(chunk)
  }
  if (isGzip) lines = countLines(gunzipSync(Buffer.concat(chunks)))
  return created(lines / 2)
}

async function otherAnswer(request: IncomingMessage): Promise<string> {
  for await (const _chunk of request);
  return '{"version":{"number":"9.0.0"}}'
}

const server = createServer(async (request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(request.url?.includes('_bulk') ? await bulkAnswer(request) : await otherAnswer(request))
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.stdout.write(`http://127.0.0.1:${address.port}\n`)
})
process.on('SIGTERM', () => process.exit(0))
