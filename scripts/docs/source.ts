import { readFileSync } from 'node:fs'
import facts from '../../src/datasets/facts.json' with { type: 'json' }
import { type Dataset, registry } from '../../src/datasets/index.ts'
import spellings from '../../src/datasets/spellings.json' with { type: 'json' }
import type { AnyTable } from '../../src/mapper/dataset.ts'

/** A dataset with all that its page is made of, but for the example. */
export interface DatasetSource {
  readonly name: string
  readonly table: AnyTable
  /** The name in Elastic's integration, if it has one. */
  readonly stream: string | undefined
  /** What it is, in the words at the head of the table's file, with a full stop. */
  readonly summary: string
  /** The vendor's page. */
  readonly url: string
  readonly scope: string
  /** The table's file in src/datasets. */
  readonly file: string
  /** The documented fields and their types, in the vendor's order. */
  readonly fields: ReadonlyMap<string, string>
  readonly deprecated: readonly string[]
  /** Fields of earlier versions and other spellings, with their types. */
  readonly legacy: ReadonlyMap<string, string>
  readonly spellings: ReadonlyMap<string, string>
}

interface Facts {
  readonly scope: string
  readonly fields: Readonly<Record<string, string>>
  readonly deprecated_fields: readonly string[]
  readonly legacy_fields?: readonly { readonly name: string; readonly type: string }[]
}
type Spellings = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>

const SCOPES: Readonly<Record<string, string>> = { account: 'account', zone: 'zone', both: 'account or zone' }
const COMMENT = /\/\*\*([^/]*?)(https:\/\/\S+)\s*\*\//

function headOf(file: string): { summary: string; url: string } {
  const text = readFileSync(new URL(`../../src/datasets/${file}`, import.meta.url), 'utf8')
  const match = COMMENT.exec(text)
  if (!match) throw new Error(`${file} has no comment with the vendor's page at its head`)
  return { summary: match[1]!.replace(/[\s*]+/g, ' ').trim(), url: match[2]! }
}

function sourceOf({ name, table, stream }: Dataset): DatasetSource {
  const fact = (facts as Readonly<Record<string, Facts>>)[name]!
  const file = `${name.replaceAll('_', '-')}.ts`
  const other = [spellings.known, spellings.accepted].map(group => (group as Spellings)[name] ?? {})
  return {
    name,
    table,
    stream,
    ...headOf(file),
    scope: SCOPES[fact.scope] ?? fact.scope,
    file,
    fields: new Map(Object.entries(fact.fields)),
    deprecated: fact.deprecated_fields,
    legacy: new Map((fact.legacy_fields ?? []).map(field => [field.name, field.type])),
    spellings: new Map(other.flatMap(group => Object.entries(group))),
  }
}

export const sources: readonly DatasetSource[] = registry.map(sourceOf)
