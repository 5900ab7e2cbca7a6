import type { JsonObject } from '../../src/mapper/types.ts'
import type { Golden } from '../../test/golden/golden.ts'
import { type Accuracy, isSure, nearest, ownFields, SIZES, SURE } from './accuracy.ts'
import { conditionsTable } from './conditions.ts'
import { constantsTable } from './constants.ts'
import { countsOf, type FieldRow, isDocumented } from './field-rows.ts'
import { code, codes, link, page, plural, section, table } from './markdown.ts'
import { pretty } from './pretty.ts'
import type { DatasetSource } from './source.ts'
import { TIMES } from './uses.ts'

const MAX_OWN = 12
const COMMUNITY = '`network.community_id` is made of the addresses, the ports and the protocol.'

function head(source: DatasetSource, rows: readonly FieldRow[]): string[] {
  const { fields, mapped, kept, dropped } = countsOf(rows)
  const parts = [
    `${mapped} mapped to ECS`,
    `${kept} kept below \`cloudflare\``,
    dropped > 0 ? `${dropped} dropped` : '',
  ]
  const links = [
    link("Cloudflare's page", source.url),
    link('the table', `../../src/datasets/${source.file}`),
    link('all datasets', 'README.md'),
    link('all fields', 'fields.md'),
    link('how to read this page', 'README.md#how-to-read-a-page'),
  ]
  return [
    `${source.summary} Scope: ${source.scope}.`,
    links.join(' · '),
    `${plural(fields, 'documented field')}: ${parts.filter(part => part !== '').join(', ')}.`,
    publishedNote(source),
    source.stream === undefined
      ? ''
      : `With \`PROFILE=raw\` for Elastic's pipeline ${code(`cloudflare_logpush.${source.stream}`)}.`,
  ]
}

function publishedNote({ table: { published, copy } }: DatasetSource): string {
  if (published === undefined) return ''
  const setting = published.auto === 'on' ? 'unless `ADDITIONS=off`' : 'only with `ADDITIONS=on`'
  const whole = copy === '*' ? ' The whole record is below `cloudflare`, the mapped fields too.' : ''
  const parts = published.parts ? ` So do the domain parts of ${codes(published.parts)}.` : ''
  return `A published format. What is marked + is an addition to it and comes ${setting}.${parts}${whole}`
}

function detection({ name }: DatasetSource, accuracy: Accuracy): string {
  const own = ownFields(name)
  const more = own.length > MAX_OWN ? ` and ${own.length - MAX_OWN} more` : ''
  const near = nearest(name)
  const weak = accuracy.shares
    .map(({ right }, i) => `by ${SIZES[i]}${i === 0 ? ' random fields' : ''} ${right.toFixed(1)} %`)
    .filter((_, i) => accuracy.shares[i]!.right < SURE)
  return [
    `A record with one of the fields that no other dataset has is always found: ${codes(own.slice(0, MAX_OWN))}${more}.`,
    near.shared > 0
      ? `The nearest dataset is ${link(near.name, `${near.name}.md`)}: ${plural(near.shared, 'field')} in common. A record with no other fields than those is *unknown*, unless other records of its batch tell.`
      : 'It has no field in common with another dataset.',
    isSure(accuracy)
      ? ''
      : `Found ${weak.join(', ')}. ${link('Declare the dataset', '../../README.md#connect-logpush')} if the job has few fields.`,
  ]
    .filter(line => line !== '')
    .join('\n')
}

function times({ table: { time } }: DatasetSource): string {
  const lines = Object.entries(TIMES).flatMap(([key, target]) => {
    const fields = time?.[key as keyof typeof TIMES] ?? []
    if (fields.length === 0) return []
    return [`- ${code(target)}: ${fields.length > 1 ? 'the first of ' : ''}${codes(fields)}`]
  })
  const rest = [time?.start && '`event.start`', time?.end && '`event.end`', 'the time of receipt'].filter(Boolean)
  return [...lines, `- without one, ${code('@timestamp')} is ${rest.join(', else ')}`].join('\n')
}

const STATUS: Readonly<Record<FieldRow['status'], string>> = {
  documented: '',
  deprecated: ' (deprecated)',
  legacy: ' (legacy)',
  'other spelling': ' (other spelling)',
}

/** A field has one row, or one for each thing that is made of it; its name stands in the first. */
function mappedTable(rows: readonly FieldRow[]): string {
  const lines = rows.flatMap(({ field, type, status, uses, notes }) =>
    uses.map(({ targets, conversion, isAddition }, i) => [
      i === 0 ? code(field) : '',
      i === 0 ? type + STATUS[status] : '',
      (isAddition ? '+ ' : '') + codes(targets),
      conversion,
      i === 0 ? notes.join('; ') : '',
    ]),
  )
  return table(['field', 'type', 'ECS field', 'conversion', ''], lines)
}

const keptTitle = (rows: readonly FieldRow[]) =>
  `Fields kept below \`cloudflare\`${rows.some(row => row.isDropped) ? ', or dropped' : ''}`

function keptTable(rows: readonly FieldRow[]): string {
  return table(
    ['field', 'type', ''],
    rows.map(({ field, type, status, notes }) => [code(field), type + STATUS[status], notes.join('; ')]),
  )
}

function example({ line, auto }: Golden): string[] {
  const message = auto.message as string
  const event: JsonObject = { ...auto, message: `${message.slice(0, 40)}…` }
  const json = (value: string) => `\`\`\`json\n${value}\n\`\`\``
  return [
    'In:',
    json(pretty(line)),
    'Out, with `message` cut short (it is the line):',
    json(pretty(JSON.stringify(event))),
  ]
}

export function datasetPage(
  source: DatasetSource,
  rows: readonly FieldRow[],
  accuracy: Accuracy,
  golden: Golden,
): string {
  const documented = rows.filter(isDocumented)
  const older = rows.filter(row => !isDocumented(row))
  const { description, community } = source.table
  return page(
    source.name,
    ...head(source, rows),
    section('Fields mapped to ECS', mappedTable(documented.filter(row => row.isMapped))),
    section(keptTitle(rows), keptTable(documented.filter(row => !row.isMapped))),
    section(
      'Older and other names',
      mappedTable(older.filter(row => row.isMapped)),
      keptTable(older.filter(row => !row.isMapped)),
    ),
    section('Constants', constantsTable(source.table), community ? COMMUNITY : ''),
    section('Conditions', conditionsTable(source.table)),
    section('Times', times(source)),
    section('Detection', detection(source, accuracy)),
    section('Description', description === undefined ? '' : `With \`MESSAGE=description\`:\n\n    ${description}`),
    section('Example', ...example(golden)),
  )
}
