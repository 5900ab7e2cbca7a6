import { accuracies, DRAWS, isSure, nearest, ownFields, type Share, SIZES, SURE } from './accuracy.ts'
import { explanations } from './conversions.ts'
import { type Counts, countsOf, type FieldRow } from './field-rows.ts'
import { code, codes, link, page, section, table } from './markdown.ts'
import type { DatasetSource } from './source.ts'

interface Entry {
  readonly source: DatasetSource
  readonly rows: readonly FieldRow[]
}

const numbers = ({ fields, mapped, kept, dropped }: Counts) => [fields, mapped, kept, dropped].map(String)

function totalOf(counts: readonly Counts[]): Counts {
  const sum = (key: keyof Counts) => counts.reduce((total, one) => total + one[key], 0)
  return { fields: sum('fields'), mapped: sum('mapped'), kept: sum('kept'), dropped: sum('dropped') }
}

function datasetsTable(entries: readonly Entry[]): string {
  const counts = entries.map(({ rows }) => countsOf(rows))
  const lines = entries.map(({ source }, i) => [
    link(source.name, `${source.name}.md`),
    source.summary,
    ...numbers(counts[i]!),
    source.scope,
    link("Cloudflare's page", source.url),
  ])
  const total = numbers(totalOf(counts)).map(number => `**${number}**`)
  return table(
    ['dataset', 'what it is', 'fields', 'mapped', 'kept', 'dropped', 'scope', ''],
    [...lines, [`**${entries.length} datasets**`, '', ...total, '', '']],
  )
}

const HOW_TO_READ = `A field is *mapped* if a value of an ECS field is made of it, *kept* if it stays below \`cloudflare\` under its own name with its own JSON value, and *dropped*
if it is only in the line as received (with \`KEEP_ORIGINAL=false\` nothing is dropped).

- The rows stand in the order of Cloudflare's page. The first value set for an ECS field wins; fields that are arrays collect. *after A, B*: values of A and of B, in this order,
  win over this one. With ECS fields before it (\`url.domain\` *after A*) it holds for those only.
- A mapped field is no longer below \`cloudflare\`, unless its last column says *kept too*. But it stays there whenever nothing was made of its value: a value that the conversion
  does not take, or one that came second. A refused value adds the tag \`logpush.bad_value\`. Empty values (\`null\`, \`""\`, \`[]\`, \`{}\`) are not kept.
- *the first of A, B*: the first that has a value which the conversion takes.
- A dot goes into an object (\`Metadata.zone_name\`) or takes an item of an array by its number. Case does not matter there. The object stays whole below \`cloudflare\`.
- *decides*: a condition looks at the field. Of the conditions for one ECS field the first that holds counts; text compares without regard to case.
- *+*: an addition to a published format, see \`ADDITIONS\` in the ${link('settings', '../../README.md#settings')}.
- Fields that no page names are kept below \`cloudflare\`.`

const DERIVED: readonly (readonly [string, string])[] = [
  ['`source.address`, `destination.address`, `client.address`', 'the domain, else the IP address'],
  ['`*.registered_domain`, `*.subdomain`, `*.top_level_domain`', 'parts of the domain, by the Public Suffix List'],
  ['+ `url.extension`', 'what is behind the last dot of the path'],
  ['`host.name`', '`host.hostname`'],
  [
    '`related.ip`, `.hosts`, `.user`, `.hash`',
    'the addresses, hosts, users (+) and hashes of the event, and what the pages name',
  ],
  ['`user_agent.*`', 'parts of `user_agent.original`, see `USER_AGENT`'],
  ['+ `network.type`', '`ipv4` or `ipv6`'],
  ['+ `event.duration`', 'from `event.start` to `event.end`, in nanoseconds'],
]

function derivedTable(entries: readonly Entry[]): string {
  const flows = entries.filter(({ source }) => source.table.community).map(({ source }) => code(source.name))
  const community = ['`network.community_id`', `of the flow; only in ${flows.join(', ')}`]
  return table(['field', 'value'], [...DERIVED, community])
}

function conversionsTable(entries: readonly Entry[]): string {
  const converters = entries.flatMap(({ rows }) => rows.flatMap(row => row.uses.map(use => use.converter)))
  return table(
    ['conversion', 'gives', 'refuses'],
    explanations(converters).map(({ title, gives, refuses }) => [title, gives, refuses]),
  )
}

const percents = ({ right, unknown }: Share) => `${right.toFixed(1)} / ${unknown.toFixed(1)}`

function meanOf(shares: readonly Share[]): Share {
  const mean = (key: keyof Share) => shares.reduce((sum, share) => sum + share[key], 0) / shares.length
  return { right: mean('right'), unknown: mean('unknown'), wrong: mean('wrong') }
}

function accuracyTable(): string {
  const weak = accuracies.filter(accuracy => !isSure(accuracy))
  const lines = weak
    .sort((a, b) => a.shares[0]!.right - b.shares[0]!.right)
    .map(({ name, shares }) => {
      const own = ownFields(name)
      const near = nearest(name)
      return [
        link(name, `${name}.md`),
        ...shares.map(percents),
        codes(own.slice(0, 4)) + (own.length > 4 ? ', …' : ''),
        `${link(near.name, `${near.name}.md`)} (${near.shared})`,
      ]
    })
  const means = SIZES.map((_, i) => percents(meanOf(accuracies.map(({ shares }) => shares[i]!))))
  return table(
    ['dataset', ...SIZES.map(size => `${size} fields`), 'always found with one of', 'shares fields with'],
    [...lines, [`**mean of ${accuracies.length}**`, ...means, '', '']],
  )
}

function detectionText(): string {
  const draws = accuracies.length * SIZES.length * DRAWS
  const shares = accuracies.flatMap(accuracy => accuracy.shares)
  const wrong = shares.reduce((sum, share) => sum + Math.round((share.wrong * DRAWS) / 100), 0)
  return `The dataset of a record is found by the names of its fields: the dataset that knows most of them, and at least half. A tie is *unknown*, never a guess,
unless the other records of the batch tell.
Measured with random selections of a dataset's documented fields, ${DRAWS.toLocaleString('en')} for each size (all fields if it has fewer); right / unknown, in %. Wrong: ${wrong} of ${draws.toLocaleString('en')}.
Datasets that are right in at least ${SURE} % of each column are not listed.`
}

const ADVICE = `Declare the dataset (${link('how', '../../README.md#connect-logpush')}) if a job for one of these datasets has few fields and none of those in the column *always found with one of*. Cloudflare leaves
empty fields out of the records of some datasets: count what is always there. A declared dataset goes before what would be found.`

export function indexPage(entries: readonly Entry[]): string {
  return page(
    'Datasets',
    `Every dataset of Logpush, and what becomes of its fields. Looking for a field? ${link('All fields by the alphabet', 'fields.md')}.`,
    datasetsTable(entries),
    section('How to read a page', HOW_TO_READ),
    section('Conversions', conversionsTable(entries)),
    section(
      'Derived fields',
      'Made of the values that are set, in every dataset; a value from the table goes first.',
      derivedTable(entries),
    ),
    section('Accuracy of detection', detectionText(), accuracyTable(), ADVICE),
  )
}
