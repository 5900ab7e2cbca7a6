import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpErrors } from '../errors.ts'
import { counting, type NextId } from './answer.ts'
import type { Auth } from './auth.ts'
import { BEGINNING_BYTES, type BodyReader, readBody } from './body.ts'
import { datasetFor, fallbackTime, namedDataset } from './declared.ts'
import type { IntakeDeps } from './deps.ts'
import type { Gate } from './gate.ts'
import type { JsonBody, JsonShape } from './json-events.ts'
import { isBlank } from './json-scan.ts'
import { createEntry, createEntryStore, type Entry } from './json-store.ts'
import { JsonError, type Scan } from './json-value.ts'
import { countBytes, refuseAnnounced, settle, whileConnected } from './state.ts'
import { encodingOf, takeBody } from './take-body.ts'

interface JsonDeps extends IntakeDeps {
  readonly auth: Auth
}

export interface Stored {
  /** Events, each with an id. */
  readonly count: number
  /** The ids in the order of the events. */
  readonly nextId: NextId
}

/** Events looked at before other requests have their turn. */
const EVENTS_A_TURN = 1000

/** Takes a JSON body, finds its events and stores them, one spool entry per key. Throws errors of the table and UnavailableError. */
export async function acceptJson(
  deps: JsonDeps,
  gate: Gate,
  shape: JsonShape,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Stored> {
  const named = namedDataset(request, deps.datasets)
  const time = fallbackTime(request, (deps.now ?? Date.now)())
  const connected = whileConnected(reply)
  const source = bodyOf(deps, request, reply)
  let leave = () => {}
  try {
    gate.refuseWhenFull()
    if (request.identity !== undefined) await source.beginning(Math.min(BEGINNING_BYTES, deps.limits.maxBodyBytes))
    leave = await gate.enter(connected, source)
    const body = await readWhole(deps, request, source)
    const holders = createHolders(deps.auth, request, reply, named)
    const empty = request.identity !== undefined && (await inTurns(isBlank(body)))
    const stored = empty
      ? { count: 0, nextId: () => {} }
      : await store(deps, body, await inTurns(shape(body)), holders, time)
    settle(request, deps.metrics, stored.count === 0 ? 'ping' : 'stored')
    if (stored.count > 0) reply.header('intake-batch', holders.entries.map(hexId).join(', '))
    return stored
  } catch (error) {
    throw error instanceof JsonError ? new httpErrors.badJson(error.message) : error
  } finally {
    source.release()
    leave()
  }
}

/** A stranger's body occupies one of few places, so that it has to come at once. */
function bodyOf({ limits }: IntakeDeps, { raw, identity }: FastifyRequest, reply: FastifyReply): BodyReader {
  const maxMs = identity === undefined ? limits.bodyIdleMs : Number.POSITIVE_INFINITY
  return readBody(raw, reply.raw, limits.bodyIdleMs, maxMs)
}

/** Lets others have a turn where the scan allows it: a stranger's body must not keep the thread. */
export async function inTurns<T>(scan: Scan<T>): Promise<T> {
  for (;;) {
    const { done, value } = scan.next()
    if (done === true) return value
    await nextTurn()
  }
}

async function readWhole(deps: IntakeDeps, request: FastifyRequest, body: BodyReader): Promise<Buffer> {
  const { maxBodyBytes, maxJsonBytes } = deps.limits
  const encoding = encodingOf(request.headers['content-encoding'])
  refuseAnnounced(request.headers['content-length'], maxBodyBytes)
  const chunks: Uint8Array[] = []
  let size = 0
  await takeBody(body, encoding, deps.limits, {
    onRaw: async () => {},
    onContent(bytes) {
      size += bytes.length
      if (size > maxJsonBytes) throw new httpErrors.bodyTooLarge(maxJsonBytes, 'MAX_JSON_BYTES')
      chunks.push(bytes)
    },
  })
  return Buffer.concat(chunks)
}

interface Holders {
  readonly entries: readonly Entry[]
  /** The entry for a key's events. Throws 401, or 400 when the named dataset is not the key's. */
  entryFor(key: string | undefined): Entry
}

/** The request's own identity goes before keys in the body. */
function createHolders(auth: Auth, request: FastifyRequest, reply: FastifyReply, named: string | undefined): Holders {
  const entries: Entry[] = []
  const byKey = new Map<string | undefined, Entry>()
  const find = (key: string | undefined) => {
    const refusal = () => new httpErrors.unauthorizedInBody()
    const identity = request.identity ?? auth.identify(key, refusal, request, reply)
    const entry = createEntry(identity, datasetFor(named, identity))
    entries.push(entry)
    byKey.set(key, entry)
    return entry
  }
  return { entries, entryFor: key => byKey.get(key) ?? find(key) }
}

async function store(deps: IntakeDeps, bytes: Buffer, body: JsonBody, holders: Holders, time: string): Promise<Stored> {
  const count = await check(body, holders)
  const { entries } = holders
  const owners: Entry[] = []
  const store = createEntryStore(deps.spool, time)
  try {
    let seen = 0
    for (const event of body.events()) {
      if (event === undefined) {
        await nextTurn()
        continue
      }
      const entry = holders.entryFor(event.key ?? body.key)
      if (entries.length > 1) owners.push(entry)
      const written = store.add(bytes, event, entry)
      if (written !== undefined) await written
      else if (++seen % EVENTS_A_TURN === 0) await nextTurn()
    }
    await store.commit()
  } catch (error) {
    await store.discard()
    throw error
  } finally {
    for (const entry of entries) report(deps, entry)
  }
  const next = new Map(entries.map(entry => [entry, counting(entry.batchId)]))
  let at = 0
  return { count, nextId: (to, position) => next.get(owners[at++] ?? entries[0]!)!(to, position) }
}

/** All keys and times are looked at before anything is stored. A body without events still needs its key. */
async function check(body: JsonBody, holders: Holders): Promise<number> {
  let count = 0
  for (const event of body.events()) {
    if (event !== undefined) {
      holders.entryFor(event.key ?? body.key)
      count++
    }
    if (event === undefined || count % EVENTS_A_TURN === 0) await nextTurn()
  }
  if (count === 0) holders.entryFor(body.key)
  return count
}

const hexId = ({ batchId }: Entry) => Buffer.from(batchId).toString('hex')

function report({ metrics, log }: IntakeDeps, entry: Entry): void {
  const { stored, lines, bytes, identity, dataset } = entry
  if (!stored) return
  countBytes(metrics, { outcome: 'stored', lines, bytes, inflatedBytes: bytes })
  log.debug({ batch: hexId(entry), key: identity.id, dataset, lines, bytes }, 'stored')
}
