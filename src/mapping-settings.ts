import type { Config } from './config.ts'
import type { EncodeSettings } from './delivery/encode.ts'
import type { MapperSettings } from './mapper/types.ts'

/** The settings of the mapping, the same for the service and the command line. */
export function mapperSettings(config: Config): MapperSettings {
  const { profile, additions, message, keepOriginal, userAgent, eventIdField } = config
  return { profile, additions, message, keepOriginal, userAgent, eventIdField, namespace: 'default' }
}

export function encodeSettings({ maxLineBytes, dropFields, dropDatasets }: Config): EncodeSettings {
  return { maxLineBytes, dropFields, dropDatasets }
}
