import { join } from 'node:path'
import { mapLines, parseRecord } from '../datasets/map-one.ts'
import { goldenFiles } from './golden.ts'

/** The sentence of one golden line of each dataset, the longest; rewritten by `npm run golden` and read in review. */
export const descriptionsPath = join(import.meta.dirname, 'descriptions.json')

export function descriptionsNow(): Record<string, string> {
  const sentences = Map.groupBy(goldenFiles(), file => file.dataset)
    .entries()
    .map(([dataset, files]) => [dataset, longest(files.map(({ golden }) => sentenceOf(golden.line, dataset)))] as const)
  return Object.fromEntries(sentences)
}

function sentenceOf(line: string, dataset: string): string {
  const settings = { message: 'description' } as const
  const [mapped] = mapLines([{ number: 0, text: line, record: parseRecord(line) }], dataset, settings)
  return mapped!.event.message as string
}

function longest(sentences: readonly string[]): string {
  return sentences.reduce((a, b) => (b.length > a.length ? b : a))
}
