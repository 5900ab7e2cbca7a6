import type { Mapped } from '../mapper/types.ts'
import { transformInputs } from './transform-inputs.ts'

interface MapOptions {
  readonly dataset?: string
  readonly profile?: string
}

/**
 * Maps NDJSON to one ECS event a line on standard output, in order, streaming; a summary on standard error. The settings of the
 * mapping hold (ADDITIONS, DROP_FIELDS …); with EVENT_ID_FIELD each run gives new ids.
 */
export async function map(
  env: Readonly<Record<string, string | undefined>>,
  files: readonly string[],
  { dataset, profile }: MapOptions,
): Promise<void> {
  const settings = profile === undefined ? env : { ...env, PROFILE: profile }
  await transformInputs({
    env: settings,
    files,
    dataset,
    print: ({ event, dataset: found }: Mapped, dropped) => (dropped.has(found) ? undefined : JSON.stringify(event)),
  })
}
