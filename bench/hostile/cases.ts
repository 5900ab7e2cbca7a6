import { httpRequestLines } from '../records.ts'
import { type Draw, drawOf, type Weighted, weighted } from './draw.ts'
import { textsOf } from './expected.ts'
import { framingCases } from './framing-cases.ts'
import { gzipCases } from './gzip-cases.ts'
import { headerCases } from './header-cases.ts'
import { jsonCase } from './json-cases.ts'
import { lineCase } from './line-cases.ts'
import { urlCase } from './url-cases.ts'
import { type Case, caseOf, keyHeader } from './wire.ts'

type Make = (draw: Draw, key: string) => Case

/** Every so many cases a batch as Logpush sends it is sent: it has to be taken whatever came before it. */
export const GOOD_EVERY = 16

const FAMILIES: Weighted<Make> = [
  [30, (draw, key) => weighted(draw, gzipCases)(draw, key)],
  [30, lineCase],
  [8, (draw, key) => ({ ...weighted(draw, headerCases)(draw, key), isAlone: true })],
  [7, (draw, key) => ({ ...weighted(draw, framingCases)(draw, key), isAlone: true })],
  [10, urlCase],
  [15, jsonCase],
]
const RECORDS = httpRequestLines(200)

/** The case of a number: always the same for the same seed. */
export function numberedCase(seed: number, number: number, key: string): Case {
  const draw = drawOf(seed, number)
  return number % GOOD_EVERY === 0 ? goodCase(draw, key) : weighted(draw, FAMILIES)(draw, key)
}

function goodCase(draw: Draw, key: string): Case {
  const lines = Array.from(
    { length: draw.between(1, 5) },
    () => `{"Case":${draw.number},${draw.pick(RECORDS).slice(1)}`,
  )
  const body = Buffer.from(`${lines.join('\n')}\n`)
  const path = '/plain/batch?dataset=http_requests'
  return caseOf('good', { path, headers: [keyHeader(key)], body }, { texts: textsOf(body) })
}
