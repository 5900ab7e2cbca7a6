import { once } from 'node:events'
import { hasCode } from '../lib/error-code.ts'

/** Writes to standard output and waits for a slow reader. One that has seen enough (head) is no failure. */
export async function print(text: string | Uint8Array): Promise<void> {
  if (process.stdout.listenerCount('error', onError) === 0) process.stdout.on('error', onError)
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

function onError(error: Error): void {
  if (hasCode(error, 'EPIPE')) process.exit(0)
  process.stderr.write(`Standard output cannot be written: ${error.message}.\n`)
  process.exit(1)
}
