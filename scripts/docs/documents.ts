import type { JsonObject } from '../../src/mapper/types.ts'
import { isEmpty } from '../../src/mapper/value.ts'
import { type Golden, type GoldenFile, goldenFiles } from '../../test/golden/golden.ts'
import { accuracies } from './accuracy.ts'
import { datasetPage } from './dataset-page.ts'
import { fieldRows } from './field-rows.ts'
import { fieldsPage } from './fields-page.ts'
import { indexPage } from './index-page.ts'
import { type DatasetSource, sources } from './source.ts'

/** The case that shows most of the documented fields with a value; the first of those that show as many. */
export function exampleOf({ name, fields }: DatasetSource, cases: readonly GoldenFile[]): Golden {
  const shown = ({ golden: { line } }: GoldenFile) =>
    Object.entries(JSON.parse(line) as JsonObject).filter(([field, value]) => fields.has(field) && !isEmpty(value))
  const own = cases.filter(({ dataset }) => dataset === name)
  if (own.length === 0) throw new Error(`test/golden/${name} has no case to show as the example of its page`)
  return own.reduce((best, one) => (shown(one).length > shown(best).length ? one : best)).golden
}

/** All files of docs/datasets by their names, made of the tables, the facts and the golden cases. */
export function documents(): Map<string, string> {
  const cases = goldenFiles()
  const entries = sources.map(source => ({ source, name: source.name, rows: fieldRows(source) }))
  const pages = entries.map(({ source, name, rows }, i): [string, string] => [
    `${name}.md`,
    datasetPage(source, rows, accuracies[i]!, exampleOf(source, cases)),
  ])
  return new Map([['README.md', indexPage(entries)], ['fields.md', fieldsPage(entries)], ...pages])
}
