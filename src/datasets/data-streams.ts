import { STREAMS } from './streams.ts'

/**
 * `data_stream.dataset` of a dataset's events, by the naming scheme of Elastic's data streams. In profile `raw` the datasets that Elastic's
 * Cloudflare Logpush integration has a pipeline for go to its streams.
 *
 * @param dataset a Logpush name, or `unknown`
 */
export function dataStreamDataset(dataset: string, profile: 'ecs' | 'raw'): string {
  const stream = profile === 'raw' ? STREAMS[dataset] : undefined
  return stream === undefined ? `cloudflare.${dataset}` : `cloudflare_logpush.${stream}`
}

/** The data stream that a dataset's events go to. */
export function dataStreamName(dataset: string, profile: 'ecs' | 'raw', namespace: string): string {
  return `logs-${dataStreamDataset(dataset, profile)}-${namespace}`
}
