import { parentPort, workerData } from 'node:worker_threads'
import type { FromWorker, WorkerSettings } from '../../src/delivery/protocol.ts'
import { createWorkerJobs } from '../../src/delivery/worker-jobs.ts'
import { oddMapper } from './odd-mapper.ts'

const { encode } = workerData as WorkerSettings
parentPort!.on(
  'message',
  createWorkerJobs(oddMapper, encode, (message: FromWorker, transfer) => parentPort!.postMessage(message, transfer)),
)
parentPort!.postMessage({ kind: 'ready' } satisfies FromWorker)
