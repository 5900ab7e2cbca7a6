import { dataStreamName } from '../datasets/data-streams.ts'
import { STREAMS } from '../datasets/streams.ts'
import { checkTemplate } from './check.ts'
import { installTemplates } from './install.ts'
import { hasStreamTemplate } from './match.ts'
import { type Naming, templateName } from './naming.ts'
import { type Ask, detectServer } from './server.ts'

export interface ReadinessOptions {
  readonly naming: Naming
  readonly profile: 'ecs' | 'raw'
  /** `auto`: what is missing or outdated is installed. */
  readonly setup: 'auto' | 'check'
  readonly eventIdField: string | undefined
  /** What an installation had to warn of. */
  readonly warn: (warning: string) => void
}

/** Answers `ready`, or what is missing as a noun. Rejects with ServerError, and as `ask` does. */
export type Readiness = (ask: Ask, dataset: string) => Promise<'ready' | (string & {})>

/** Whether the events of a dataset can be written without the server making up a mapping for them. */
export function createReadiness(options: ReadinessOptions): Readiness {
  const { naming, profile, setup, eventIdField } = options
  let installing: Promise<void> | undefined

  const install = async (ask: Ask) => {
    const server = await detectServer(ask)
    const { warnings } = await installTemplates(ask, { server, naming, eventIdField })
    for (const warning of warnings) options.warn(warning)
  }
  /** All templates together, however many datasets wait for theirs. */
  const installOnce = (ask: Ask) => {
    installing ??= install(ask).finally(() => {
      installing = undefined
    })
    return installing
  }

  return async (ask, dataset) => {
    // Elastic's integration brings the templates of its streams, or the operator does.
    if (naming.kind === 'data-streams' && profile === 'raw' && STREAMS[dataset] !== undefined) {
      const stream = dataStreamName(dataset, profile, naming.namespace)
      return (await hasStreamTemplate(ask, stream)) ? 'ready' : `an index template for the data stream ${stream}`
    }
    const state = await checkTemplate(ask, naming, dataset)
    if (state === 'present') return 'ready'
    if (setup === 'auto' && state !== 'unknown') {
      await installOnce(ask)
      return 'ready'
    }
    if (state === 'outdated') return 'ready'
    const name = templateName(naming, dataset)
    return state === 'missing'
      ? `the index template ${name}`
      : `the right to see whether the index template ${name} is there`
  }
}
