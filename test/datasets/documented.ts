import facts from '../../src/datasets/facts.json' with { type: 'json' }
import spellings from '../../src/datasets/spellings.json' with { type: 'json' }

/** A field of a dataset as the vendor's pages give it. */
export interface DocumentedField {
  readonly name: string
  readonly type: string
  readonly status: 'documented' | 'legacy' | 'other spelling'
}

interface Facts {
  readonly fields: Readonly<Record<string, string>>
  readonly deprecated_fields: readonly string[]
  readonly legacy_fields?: readonly { readonly name: string; readonly type: string }[]
}

const FACTS: Readonly<Record<string, Facts>> = facts
const OTHER: readonly Readonly<Record<string, Readonly<Record<string, string>>>>[] = [
  spellings.known,
  spellings.accepted,
]

function fieldsOf(dataset: string, { fields, legacy_fields = [] }: Facts): DocumentedField[] {
  const other = Object.assign({}, ...OTHER.map(group => group[dataset])) as Record<string, string>
  return [
    ...Object.entries(fields).map(([name, type]) => ({ name, type, status: 'documented' as const })),
    ...legacy_fields.map(({ name, type }) => ({ name, type, status: 'legacy' as const })),
    ...Object.entries(other).map(([name, type]) => ({ name, type, status: 'other spelling' as const })),
  ]
}

/** All fields by dataset: documented and deprecated ones, legacy ones, other spellings. */
export const DOCUMENTED: Readonly<Record<string, readonly DocumentedField[]>> = Object.fromEntries(
  Object.entries(FACTS).map(([dataset, of]) => [dataset, fieldsOf(dataset, of)]),
)
