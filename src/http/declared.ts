import type { FastifyRequest } from 'fastify'
import { httpErrors } from '../errors.ts'
import { queryValues } from './auth.ts'
import type { Identity } from './keys.ts'
import { parseTime } from './time.ts'

/**
 * The dataset that the request names: in its path, as `dataset` or within `tags` of the query, or in X-Logpush-Dataset. The first
 * of these counts; undefined when none is there.
 *
 * @throws 400 with the list for a name that is none of `datasets`. The name is not repeated, whatever it is: it may be a key in the wrong place, and an
 * answer that depended on that would tell a guesser
 */
export function namedDataset(request: FastifyRequest, datasets: readonly string[]): string | undefined {
  const header = request.headers['x-logpush-dataset']
  const names = [
    (request.params as { dataset?: string }).dataset,
    ...queryValues(request, 'dataset'),
    ...queryValues(request, 'tags').flatMap(datasetsInTags),
    typeof header === 'string' ? header.trim() : undefined,
  ].filter(name => name !== undefined && name !== '')
  if (names.some(name => !datasets.includes(name!))) throw new httpErrors.unknownDataset(datasets.join(', '))
  return names[0]
}

/**
 * The dataset of a batch: the named one, else the key's, if the key is for exactly one.
 *
 * @throws 400 when the named one is not the key's, or none is named and the key is for several: what a line holds is not looked at here
 */
export function datasetFor(named: string | undefined, { datasets }: Identity): string | undefined {
  if (named === undefined && datasets.length > 1) throw new httpErrors.datasetNotNamed(datasets.join(', '))
  if (named === undefined) return datasets[0]
  if (datasets.length === 0 || datasets.includes(named)) return named
  throw new httpErrors.datasetNotOfKey(datasets.join(', '), named)
}

/**
 * The time of records without one: X-SEKOIAIO-EVENT-TIMESTAMP, else `now`. RFC 3339 UTC.
 *
 * @param now Unix milliseconds
 * @throws 400 when the header is no time
 */
export function fallbackTime(request: FastifyRequest, now: number): string {
  const header = request.headers['x-sekoiaio-event-timestamp']
  const time = typeof header === 'string' ? parseTime(header) : 'absent'
  if (time === 'unreadable') throw new httpErrors.badTime()
  return time === 'absent' ? new Date(now).toISOString() : time
}

const datasetsInTags = (tags: string) =>
  tags
    .split(',')
    .map(tag => tag.trim())
    .filter(tag => tag.startsWith('dataset:'))
    .map(tag => tag.slice('dataset:'.length))
