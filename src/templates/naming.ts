import { dataStreamDataset, dataStreamName } from '../datasets/data-streams.ts'

/** Where events go: a data stream for each dataset, or an index or alias whose name may hold `{dataset}`. */
export type Naming =
  | { readonly kind: 'data-streams'; readonly namespace: string }
  | { readonly kind: 'index'; readonly name: string }

const PLACE = '{dataset}'

/** All names that are ours begin so; what is found with GET by it. */
export const STREAM_PREFIX = 'logs-cloudflare.'
export const INDEX_PREFIX = 'logpush-intake.'
export const COMPONENT_PREFIX = 'logs-cloudflare@'

export function templatePrefix(naming: Naming): string {
  return naming.kind === 'data-streams' ? STREAM_PREFIX : INDEX_PREFIX
}

/** Whether each dataset has a mapping of its own. */
export function isPerDataset(naming: Naming): boolean {
  return naming.kind === 'data-streams' || naming.name.includes(PLACE)
}

/** The index, alias or data stream of a dataset's events. */
export function targetOf(naming: Naming, dataset: string): string {
  if (naming.kind === 'data-streams') return dataStreamName(dataset, 'ecs', naming.namespace)
  return naming.name.replaceAll(PLACE, dataset)
}

/** The name of the index template that the dataset's events need. */
export function templateName(naming: Naming, dataset: string): string {
  if (naming.kind === 'data-streams') return `logs-${dataStreamDataset(dataset, 'ecs')}`
  return `${INDEX_PREFIX}${targetOf(naming, dataset)}`
}

/**
 * Data streams: of every namespace. An index: its name, and the names of the indexes behind an alias that is rolled over
 * (`name-000001`); not `name-*`, which would take what is not ours (`logs-*`).
 */
export function indexPatterns(naming: Naming, dataset: string): string[] {
  if (naming.kind === 'data-streams') return [`${templateName(naming, dataset)}-*`]
  const name = targetOf(naming, dataset)
  return [name, `${name}-0*`]
}
