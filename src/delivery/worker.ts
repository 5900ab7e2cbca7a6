import { parentPort, workerData } from 'node:worker_threads'
import { registry } from '../datasets/index.ts'
import { createMapper } from '../mapper/mapper.ts'
import type { WorkerSettings } from './protocol.ts'
import { createWorkerJobs } from './worker-jobs.ts'

const port = parentPort
if (port === null) throw new Error('This file is the start of a worker thread.')
const { mapper, encode } = workerData as WorkerSettings
const receive = createWorkerJobs(createMapper(registry, mapper), encode, (message, transfer) =>
  port.postMessage(message, transfer),
)
port.on('message', receive)
port.postMessage({ kind: 'ready' })
