import { type FamilyResult, type Result, tableHead, tableRow } from '../../bench/report.ts'
import { machineText } from './machine.ts'
import { type Peers, peersText } from './peers.ts'
import { serviceRow } from './rows.ts'

const OPENING = /<!-- ([a-z-]+) -->/g
const PLACE = /<!-- ([a-z-]+) -->\n[\s\S]*?<!-- \/\1 -->/g

/**
 * Fills the places of a Markdown document, `<!-- NAME -->` to `<!-- /NAME -->`: `machine`, `peers`, and all others the family of the run that is
 * called so. A family that the run has not is said to be missing.
 * Throws when a place has no end, and when the run has a family that the document has no place for: its figures would be lost without a word.
 */
export function filled(document: string, result: Result, peers: Peers): string {
  const places = [...document.matchAll(PLACE)].map(match => match[1]!)
  const open = [...document.matchAll(OPENING)].map(match => match[1]!).filter(name => !places.includes(name))
  if (open.length > 0) throw new Error(`The document has no end of ${open.join(', ')}: <!-- /NAME --> is missing.`)
  const unknown = [...Object.keys(result.families), 'machine', 'peers'].filter(name => !places.includes(name))
  if (unknown.length > 0) throw new Error(`The document has no place for ${unknown.join(', ')}.`)
  return document.replaceAll(PLACE, (_, name: string) => {
    return `<!-- ${name} -->\n\n${contentOf(name, result, peers)}\n\n<!-- /${name} -->`
  })
}

function contentOf(name: string, result: Result, peers: Peers): string {
  if (name === 'machine') return `${machineText(result)}, in brackets least and most.`
  if (name === 'peers') return peersText(peers, serviceRow(result))
  const family = result.families[name]
  const command = `\`npm run bench -- --only ${name}\``
  if (family === undefined)
    return `The run in [benchmarks.json](benchmarks.json) has no such rows; ${command} measures them.`
  return `${family.title}. Again: ${command}.\n\n${tableOf(family)}`
}

function tableOf({ columns, lines }: FamilyResult): string {
  return [tableHead(columns), ...lines.map(line => tableRow(line, columns))].join('\n')
}
