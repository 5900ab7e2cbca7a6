import { freeBuffer } from '../lib/free-buffer.ts'
import { InflateError } from '../lib/inflate.ts'
import { createSpareBuffers } from '../lib/spare-buffers.ts'
import { uuidsOf } from '../lib/uuid.ts'
import type { Mapper } from '../mapper/types.ts'
import { createEncoder, type Encoder, type EncodeSettings } from './encode.ts'
import { prepareLines } from './line-mapper.ts'
import { type EncodedPiece, PIECE_BUFFERS } from './piece-builder.ts'
import { type FromWorker, type JobDescription, PIECES_AHEAD, type ToWorker, wordsOf } from './protocol.ts'

type Post = (message: FromWorker, transfer: ArrayBuffer[]) => void

interface Job {
  receive(message: Exclude<ToWorker, { kind: 'spare' }>): void
}

/**
 * The worker's side of the protocol.
 *
 * @param post sends to the main thread, transferring the buffers
 * @returns takes the messages of the main thread
 */
export function createWorkerJobs(mapper: Mapper, settings: EncodeSettings, post: Post): (message: ToWorker) => void {
  const jobs = new Map<number, Job>()
  const spare = createSpareBuffers(PIECE_BUFFERS)
  prepareLines(mapper)
  return message => {
    if (message.kind === 'spare') spare.give(message.buffer)
    else if (message.kind === 'begin')
      jobs.set(
        message.job,
        createJob(message.job, message.description, () => jobs.delete(message.job)),
      )
    else jobs.get(message.job)?.receive(message)
  }

  function createJob(job: number, description: JobDescription, forget: () => void): Job {
    let credit = PIECES_AHEAD
    let cancelled = false
    let creditCame: (() => void) | undefined
    let work = Promise.resolve()

    const onPiece = async (piece: EncodedPiece) => {
      while (credit === 0 && !cancelled) await new Promise<void>(resolve => (creditCame = resolve))
      if (cancelled) {
        spare.give(piece.bytes.buffer)
        throw new Error('The job was cancelled.')
      }
      credit--
      const { buffer } = piece.bytes
      const own = buffer instanceof ArrayBuffer ? [buffer] : []
      post({ kind: 'piece', job, piece }, [...own, piece.ends.buffer, piece.lines.buffer])
    }
    const encoder: Encoder = createEncoder({
      mapper,
      settings,
      context: { dataset: description.dataset, time: description.time, id: uuidsOf(description.batchId) },
      format: description.format,
      gzip: description.gzip,
      storedBytes: description.storedBytes,
      form: description.form,
      onPiece,
      ...(description.returnsBytes && { spare }),
    })

    const fail = (error: unknown) => {
      finish()
      if (error instanceof InflateError)
        post({ kind: 'failed', job, damaged: true, message: `The gzip stream is bad: ${error.message}.` }, [])
      else post({ kind: 'failed', job, damaged: false, message: wordsOf(error) }, [])
    }
    const finish = () => {
      cancelled = true
      forget()
      encoder.destroy()
    }
    const step = (task: () => Promise<void>) => {
      work = work
        .then(async () => {
          if (!cancelled) await task()
        })
        .catch(error => {
          if (!cancelled) fail(error)
        })
    }

    const takeCredit = () => {
      credit++
      creditCame?.()
    }
    return {
      receive(message) {
        if (message.kind === 'taken') takeCredit()
        else if (message.kind === 'cancel') {
          finish()
          creditCame?.()
        } else if (message.kind === 'chunk') {
          step(async () => {
            await encoder.push(message.bytes)
            freeBuffer(message.bytes)
            post({ kind: 'more', job }, [])
          })
        } else if (message.kind === 'end') {
          step(async () => {
            const statistics = await encoder.end()
            finish()
            post({ kind: 'done', job, statistics }, [])
          })
        }
      },
    }
  }
}
