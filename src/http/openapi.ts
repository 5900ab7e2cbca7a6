import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { createMetrics } from '../metrics.ts'
import type { Spool } from '../spool/spool.ts'
import { BODY_IS_OPTIONAL } from './schemas.ts'
import { PREFIX } from './state.ts'

const DESCRIPTION =
  'Takes log lines over HTTP, above all from Cloudflare Logpush. A 200 means that every line is on disk; then it is delivered at least once as an ECS event.'

/** Collects the description from the routes that are registered after this. */
export function describeApi(app: FastifyInstance): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'logpush-intake',
        version: '1',
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } as never,
      },
      servers: [
        { url: '/', description: 'The routes at the root.' },
        {
          url: PREFIX,
          description: 'The same routes as other regions of the mimicked intake serve them; not the health routes.',
        },
      ],
      tags: [
        { name: 'text', description: 'Bodies that are kept as they come.' },
        { name: 'json', description: 'Bodies that are JSON with events in it.' },
        { name: 'health', description: 'For orchestrators.' },
      ],
      components: {
        securitySchemes: {
          header: { type: 'apiKey', in: 'header', name: 'X-SEKOIAIO-INTAKE-KEY' },
          basic: {
            type: 'http',
            scheme: 'basic',
            description: 'The password is the key; the user name is not looked at.',
          },
          query: { type: 'apiKey', in: 'query', name: 'intake_key' },
        },
      },
    },
    // All bodies are told to be required before this.
    transformObject(document) {
      if (!('openapiObject' in document)) return document.swaggerObject
      for (const { post } of Object.values(document.openapiObject.paths ?? {}).filter(path => path !== undefined)) {
        const { operationId = '', requestBody } = post ?? {}
        if (requestBody !== undefined && 'content' in requestBody) {
          requestBody.required = !BODY_IS_OPTIONAL.includes(operationId)
        }
      }
      return document.openapiObject
    },
    // The second server stands for the routes below the prefix.
    transform: ({ schema, url }) => ({ schema: url.startsWith(PREFIX) ? { ...schema, hide: true } : schema, url }),
  })
}

/** The description as it is checked in: openapi.yaml. */
export async function openapiYaml(): Promise<string> {
  const { createIntake } = await import('./intake.ts')
  const metrics = createMetrics()
  const app = createIntake({
    spool: {} as Spool,
    keyring: { find: () => undefined, close: () => {} },
    metrics,
    log: pino({ enabled: false }),
    datasets: [],
    limits: {
      maxBodyBytes: 0,
      maxInflatedBytes: 0,
      maxInflateRatio: 0,
      maxJsonBytes: 0,
      bodyIdleMs: 0,
      maxReceiving: 0,
    },
  })
  try {
    await app.ready()
    return app.swagger({ yaml: true })
  } finally {
    await app.close()
    metrics.close()
  }
}
