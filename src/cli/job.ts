import { loadConfig } from '../config.ts'
import facts from '../datasets/facts.json' with { type: 'json' }
import { UsageError } from '../errors.ts'

interface JobOptions {
  readonly dataset: string
  readonly url?: string
  readonly format: 'all' | 'json' | 'curl' | 'terraform'
}

interface Facts {
  readonly scope: string
  readonly fields: Readonly<Record<string, string>>
  readonly deprecated_fields: readonly string[]
}

/** The key is never printed: each form has the place where it goes, in the way of that form. */
const KEY = { json: 'INTAKE_KEY', curl: '$INTAKE_KEY', terraform: `\${var.intake_key}` } as const

/** What a shell, Terraform and JSON leave as it is between quotes: `$(`, `%{`, `!` and the like would be theirs. A URL can be written without. */
const PLAIN = /^[\w.~:/[\]@&'()*+,;=%-]+$/

/** Prints the Logpush job that sends a dataset to the intake: as API JSON, as curl and as Terraform. */
export function job(env: Readonly<Record<string, string | undefined>>, options: JobOptions): void {
  const known: Readonly<Record<string, Facts>> = facts
  const dataset = Object.hasOwn(known, options.dataset) ? known[options.dataset] : undefined
  if (!dataset)
    throw new UsageError(`Unknown dataset ${options.dataset}. Known datasets: ${Object.keys(known).join(', ')}.`)
  const url = options.url ?? loadConfig(env, Object.keys(known)).config.publicUrl
  if (url === undefined || !/^https:\/\/[^\s?#]+$/.test(url)) {
    throw new UsageError('Logpush needs an https URL: give --url https://HOST or set PUBLIC_URL.')
  }
  if (!PLAIN.test(url)) {
    throw new UsageError(
      'The URL holds characters that a shell or Terraform could take for its own: percent-encode them.',
    )
  }

  const destination = (key: string) =>
    `${url.replace(/\/+$/, '')}/plain/batch/${options.dataset}?header_X-SEKOIAIO-INTAKE-KEY=${key}`
  const fields = Object.keys(dataset.fields).filter(field => !dataset.deprecated_fields.includes(field))
  const scopes = dataset.scope === 'both' ? ['zone', 'account'] : [dataset.scope]
  const forms = {
    json: apiJson(options.dataset, destination(KEY.json), fields),
    curl: scopes.map(scope => curl(scope, apiJson(options.dataset, destination(KEY.curl), fields))).join('\n\n'),
    terraform: scopes.map(scope => terraform(scope, options.dataset, destination(KEY.terraform), fields)).join('\n\n'),
  }
  const all = `# API JSON; put your intake key in the place of ${KEY.json}\n${forms.json}\n\n# curl, with INTAKE_KEY, CLOUDFLARE_API_TOKEN and the id in the environment\n${forms.curl}\n\n# Terraform\n${forms.terraform}`
  process.stdout.write(`${options.format === 'all' ? all : forms[options.format]}\n`)
}

/** Upload limits as in the published recipe of the mimicked intake; nanoseconds, so that no digit of a time is lost. */
const LIMITS = { max_upload_bytes: 5_000_000, max_upload_records: 1_000 } as const
const OUTPUT = { output_type: 'ndjson', timestamp_format: 'rfc3339ns' } as const

function apiJson(dataset: string, destination: string, fields: readonly string[]): string {
  const body = {
    name: `logpush-intake-${dataset.replaceAll('_', '-')}`,
    dataset,
    destination_conf: destination,
    output_options: { ...OUTPUT, field_names: fields },
    ...LIMITS,
    enabled: true,
  }
  return JSON.stringify(body, null, 2)
}

function curl(scope: string, json: string): string {
  const id = scope === 'zone' ? 'zones/$ZONE_ID' : 'accounts/$ACCOUNT_ID'
  return [
    `curl -X POST "https://api.cloudflare.com/client/v4/${id}/logpush/jobs" \\`,
    '  -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" -H "Content-Type: application/json" \\',
    '  --data-binary @- <<JOB',
    json,
    'JOB',
  ].join('\n')
}

function terraform(scope: string, dataset: string, destination: string, fields: readonly string[]): string {
  return [
    `resource "cloudflare_logpush_job" "${dataset}" {`,
    `  ${scope}_id = var.${scope}_id`,
    `  name = "logpush-intake-${dataset.replaceAll('_', '-')}"`,
    `  dataset = "${dataset}"`,
    `  destination_conf = "${destination}"`,
    `  max_upload_bytes = ${LIMITS.max_upload_bytes}`,
    `  max_upload_records = ${LIMITS.max_upload_records}`,
    '  enabled = true',
    '  output_options = {',
    `    output_type = "${OUTPUT.output_type}"`,
    `    timestamp_format = "${OUTPUT.timestamp_format}"`,
    `    field_names = [${fields.map(field => `"${field}"`).join(', ')}]`,
    '  }',
    '}',
  ].join('\n')
}
