import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type FromWorker, type ToWorker, type WorkerSettings, wordsOf } from './protocol.ts'

/** A worker died or failed while it had a job. The job's batch may be the reason or only a neighbour. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError'
}

/** What a job hears of its worker: its messages, and at last perhaps that it died. */
export type JobListener = (message: FromWorker | { readonly kind: 'died'; readonly error: WorkerError }) => void

export interface WorkerThread {
  /** Rejects with WorkerError when it dies before it can take jobs. */
  readonly ready: Promise<void>
  /** Resolves when it is gone, with the reason. */
  readonly died: Promise<WorkerError>
  send(message: ToWorker, transfer?: ArrayBuffer[]): void
  listen(job: number, listener: JobListener): void
  forget(job: number): void
  /** Ends it at once. */
  terminate(reason: string): Promise<void>
}

/** The extension is that of this file: `.js` in the published package. */
const ENTRY = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url)

/**
 * Three semi-spaces of 4 MiB: what is young is dead after a batch or two, and so are the buffers that hang on it, which V8 otherwise takes for a
 * heap that grows.
 */
const YOUNG_MB = 12

/**
 * @param heapMb a worker that needs more is ended by V8, and only it
 * @param entry the file it runs
 */
export function startWorkerThread(settings: WorkerSettings, heapMb: number, entry: URL = ENTRY): WorkerThread {
  const worker = new Worker(entry, {
    workerData: settings,
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: YOUNG_MB },
  })
  const listeners = new Map<number, JobListener>()
  const ready = Promise.withResolvers<void>()
  const died = Promise.withResolvers<WorkerError>()
  let reason: string | undefined

  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'ready') ready.resolve()
    else listeners.get(message.job)?.(message)
  })
  worker.on('messageerror', error => void worker.terminate().then(() => (reason ??= wordsOf(error))))
  worker.on('error', error => (reason ??= wordsOf(error)))
  worker.on('exit', code => {
    const error = new WorkerError(`A worker ended: ${reason ?? `exit code ${code}`}`)
    ready.reject(error)
    for (const listener of [...listeners.values()]) listener({ kind: 'died', error })
    listeners.clear()
    died.resolve(error)
  })
  ready.promise.catch(() => {})

  return {
    ready: ready.promise,
    died: died.promise,
    send: (message, transfer = []) => worker.postMessage(message, transfer),
    listen: (job, listener) => void listeners.set(job, listener),
    forget: job => void listeners.delete(job),
    async terminate(why) {
      reason ??= why
      await worker.terminate()
    },
  }
}
