import { setTimeout as sleep } from 'node:timers/promises'
import { createBulkServer, type ItemFault, json } from './bulk-server.ts'
import { type Answer, createOtherSide, type Given, type OtherSide } from './other-side.ts'
import { type AllSent, countArrival, findLine, type Sent } from './sent.ts'

type Mood = 'well' | 'flaky' | 'down'

/** The two services that the sinks write to, in weather that changes. */
export interface OtherSides {
  readonly elasticsearchUrl: string
  readonly httpUrl: string
  /** How often each was down. */
  readonly outages: Readonly<Record<'elasticsearch' | 'http', number>>
  /** Lines of nobody. */
  readonly strangers: number
  /** Documents that came once more, and were there. */
  readonly conflicts: number
  /** Lines that arrived in a later life than the one that acknowledged them. */
  readonly arrivedLater: number
  /** From now on all is taken. */
  heal(): Promise<void>
  close(): Promise<void>
}

export interface OtherSidesOptions {
  readonly random: () => number
  readonly all: AllSent
  readonly life: () => number
}

const FLAKY_SHARE = 0.25
const ITEM_SHARE = 0.02
/** One event of so many is refused for good, for the time being. */
const POISON = { elasticsearch: 150, http: 1500 }
/** So long an event that is refused stays so; afterwards a redrive may find it taken. */
const EPOCH_MS = 15_000
const MOODS: readonly Mood[] = ['well', 'well', 'flaky', 'flaky', 'down']
const MOOD_MS = { well: [3_000, 9_000], flaky: [3_000, 9_000], down: [2_000, 14_000] } as const

export async function createOtherSides({ random, all, life }: OtherSidesOptions): Promise<OtherSides> {
  const moods: Record<'elasticsearch' | 'http', Mood> = { elasticsearch: 'well', http: 'well' }
  const outages = { elasticsearch: 0, http: 0 }
  const healed = new AbortController()
  let strangers = 0
  let arrivedLater = 0

  const arrive = (text: string, sink: 'elasticsearch' | 'http') => {
    const found = findLine(all, text)
    if (found === undefined) strangers += 1
    else {
      countArrival(found, sink)
      if (isLate(found.sent)) arrivedLater += 1
    }
  }
  const isLate = (sent: Sent) => sent.acknowledgedBy !== undefined && sent.acknowledgedBy < life()

  const isPoison = (text: string, one: number): boolean => {
    if (healed.signal.aborted) return false
    const hash = hashOf(text)
    return hash % one === 0 && ((hash >>> 16) + Math.floor(Date.now() / EPOCH_MS)) % 2 === 0
  }

  const itemFault = (id: string): ItemFault | undefined => {
    if (isPoison(id, POISON.elasticsearch)) return { status: 400, type: 'document_parsing_exception' }
    if (moods.elasticsearch !== 'flaky' || random() >= ITEM_SHARE) return undefined
    return random() < 0.5
      ? { status: 429, type: 'es_rejected_execution_exception' }
      : { status: 503, type: 'unavailable_shards_exception' }
  }
  const bulk = await createBulkServer({
    onCreated: text => arrive(text, 'elasticsearch'),
    itemFault,
    onAnswer: answer => (moods.elasticsearch === 'flaky' && random() < FLAKY_SHARE ? spoilt(answer, random) : answer),
  })

  const http = await createOtherSide(({ body }) => {
    const lines = body.split('\n').slice(0, -1)
    if (lines.some(line => isPoison(nameIn(line), POISON.http))) return json(400, { error: 'of the soak' })
    const isSpoilt = moods.http === 'flaky' && random() < FLAKY_SHARE
    if (isSpoilt && random() < 0.5) return refusal(random)
    for (const line of lines) arrive(line, 'http')
    return isSpoilt ? 'reset' : json(200, {})
  })

  const weather = async (sink: 'elasticsearch' | 'http', side: OtherSide) => {
    while (!healed.signal.aborted) {
      const mood = MOODS[Math.floor(random() * MOODS.length)]!
      moods[sink] = mood
      if (mood === 'down') {
        outages[sink] += 1
        await side.stop()
      }
      const [least, most] = MOOD_MS[mood]
      await sleep(least + random() * (most - least), undefined, { signal: healed.signal }).catch(() => {})
      await side.start()
    }
    moods[sink] = 'well'
  }
  const weathers = Promise.all([weather('elasticsearch', bulk), weather('http', http)])

  return {
    elasticsearchUrl: bulk.url,
    httpUrl: http.url,
    outages,
    get strangers() {
      return strangers
    },
    get conflicts() {
      return bulk.conflicts
    },
    get arrivedLater() {
      return arrivedLater
    },
    async heal() {
      healed.abort()
      await weathers
    },
    async close() {
      healed.abort()
      await weathers
      await Promise.all([bulk.stop(), http.stop()])
    },
  }
}

/** What was done is done; only the answer is not as it should be. */
function spoilt(answer: Answer, random: () => number): Given {
  const kind = Math.floor(random() * 6)
  if (kind === 0) return 'reset'
  if (kind === 1) return 'cut'
  if (kind === 2) return { ...answer, body: '<html>not what was asked for</html>' }
  // As a proxy that cuts answers: valid JSON without the last items.
  if (kind === 3) {
    const { items } = JSON.parse(answer.body) as { items: object[] }
    return json(200, { errors: false, items: items.slice(0, items.length >> 1) })
  }
  return refusal(random)
}

function refusal(random: () => number): Answer {
  const status = [429, 500, 502, 503][Math.floor(random() * 4)]!
  return { ...json(status, { error: 'of the soak' }), headers: { 'retry-after': '1' } }
}

const nameIn = (line: string): string => /t-\d+-\d+-\d+-\d+-/.exec(line)?.[0] ?? ''

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  // Its low bits alone vary too little.
  return (hash ^ (hash >>> 13)) >>> 0
}
