import { type Golden, goldenFiles } from '../../test/golden/golden.ts'
import { accuracies } from './accuracy.ts'
import { datasetPage } from './dataset-page.ts'
import { fieldRows } from './field-rows.ts'
import { fieldsPage } from './fields-page.ts'
import { indexPage } from './index-page.ts'
import { sources } from './source.ts'

/** All files of docs/datasets by their names, made of the tables, the facts and the golden cases. */
export function documents(): Map<string, string> {
  const goldens = new Map<string, Golden>()
  for (const { dataset, golden } of goldenFiles()) if (!goldens.has(dataset)) goldens.set(dataset, golden)
  const entries = sources.map(source => ({ source, name: source.name, rows: fieldRows(source) }))
  const pages = entries.map(({ source, name, rows }, i): [string, string] => {
    const golden = goldens.get(name)
    if (golden === undefined) throw new Error(`test/golden/${name} has no case to show as the example of its page`)
    return [`${name}.md`, datasetPage(source, rows, accuracies[i]!, golden)]
  })
  return new Map([['README.md', indexPage(entries)], ['fields.md', fieldsPage(entries)], ...pages])
}
