import type { Config } from './config.ts'
import type { EncodeSettings } from './delivery/encode.ts'
import type { MapperSettings } from './mapper/types.ts'

/** The settings of the mapping, the same for the service and the command line. */
export function mapperSettings(config: Config): MapperSettings {
  const { profile, additions, message, keepOriginal, userAgent, eventIdField, elasticsearchNamespace } = config
  return { profile, additions, message, keepOriginal, userAgent, eventIdField, namespace: elasticsearchNamespace }
}

export function encodeSettings(config: Config): EncodeSettings {
  const { maxLineBytes, dropFields, dropDatasets, profile, elasticsearchIndex, elasticsearchNamespace } = config
  const namespace = elasticsearchIndex === undefined ? elasticsearchNamespace : undefined
  return { maxLineBytes, dropFields, dropDatasets, documents: { profile, namespace } }
}
