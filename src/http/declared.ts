import type { FastifyRequest } from 'fastify'
import { httpErrors } from '../errors.ts'
import { queryValues } from './auth.ts'
import type { Identity, Keyring } from './keys.ts'
import { parseTime } from './time.ts'

const LIKE_A_NAME = /^[a-z0-9_-]{1,40}$/

/**
 * The dataset that the request names: in its path, as `dataset` or within `tags` of the query, or in X-Logpush-Dataset. The first
 * of these counts; undefined when none is there.
 *
 * @throws 400 with the list for a name that is none of `datasets`
 */
export function namedDataset(
  request: FastifyRequest,
  datasets: readonly string[],
  keyring: Keyring,
): string | undefined {
  const header = request.headers['x-logpush-dataset']
  const names = [
    (request.params as { dataset?: string }).dataset,
    ...queryValues(request, 'dataset'),
    ...queryValues(request, 'tags').flatMap(datasetsInTags),
    typeof header === 'string' ? header.trim() : undefined,
  ].filter(name => name !== undefined && name !== '')
  const unknown = names.find(name => !datasets.includes(name!))
  if (unknown === undefined) return names[0]
  // A key put in the wrong place must not come back in an answer: one of ours, or what does not look like a name.
  const shown = LIKE_A_NAME.test(unknown) && keyring.find(unknown) === undefined ? `"${unknown}"` : '(not shown)'
  throw new httpErrors.unknownDataset(shown, datasets.join(', '))
}

/**
 * The dataset of a batch: the named one, else the key's, if the key is for exactly one.
 *
 * @throws 400 when the named one is not the key's
 */
export function datasetFor(named: string | undefined, { datasets }: Identity): string | undefined {
  if (named === undefined) return datasets.length === 1 ? datasets[0] : undefined
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
