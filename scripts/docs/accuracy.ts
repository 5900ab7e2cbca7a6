import { randomOf } from '../../bench/records.ts'
import { registry } from '../../src/datasets/index.ts'
import { createDetector } from '../../src/mapper/detect.ts'
import { sources } from './source.ts'

/** How often detection is right, by drawing random selections of a dataset's fields. Seeded: the same numbers each time. */

export const SIZES = [5, 8, 12, 20] as const
export const DRAWS = 4_000
/** In %: a dataset that is right more often everywhere is not worth a line. */
export const SURE = 99.95

export interface Share {
  /** In %. */
  readonly right: number
  readonly unknown: number
  readonly wrong: number
}

export interface Accuracy {
  readonly name: string
  /** One for each of SIZES. */
  readonly shares: readonly Share[]
}

const detector = createDetector(registry)

function draw(fields: readonly string[], count: number, random: () => number): string[] {
  const rest = [...fields]
  const size = Math.min(count, rest.length)
  return Array.from({ length: size }, () => rest.splice(Math.floor(random() * rest.length), 1)[0]!)
}

function shareOf(name: string, fields: readonly string[], size: number, random: () => number): Share {
  let right = 0
  let unknown = 0
  for (let i = 0; i < DRAWS; i++) {
    const { dataset } = detector.ofKeys(draw(fields, size, random))
    if (dataset === name) right++
    else if (dataset === undefined) unknown++
  }
  const percent = (count: number) => (100 * count) / DRAWS
  return { right: percent(right), unknown: percent(unknown), wrong: percent(DRAWS - right - unknown) }
}

/** Of all datasets. A dataset with fewer fields than are drawn gives all of them. */
export const accuracies: readonly Accuracy[] = sources.map(({ name, fields }, i) => ({
  name,
  shares: SIZES.map(size => shareOf(name, [...fields.keys()], size, randomOf(1000 * i + size))),
}))

export const isSure = ({ shares }: Accuracy) => shares.every(share => share.right >= SURE)

const knownNames = new Map(registry.map(({ name, known }) => [name, new Set(known.map(field => field.toLowerCase()))]))

/** The documented fields that no other dataset has: a record with one of them is told apart for sure. */
export function ownFields(name: string): string[] {
  const others = [...knownNames].filter(([other]) => other !== name).map(([, known]) => known)
  const { fields } = sources.find(source => source.name === name)!
  return [...fields.keys()].filter(field => !others.some(known => known.has(field.toLowerCase())))
}

/** The dataset that shares most fields with this one, and how many. */
export function nearest(name: string): { readonly name: string; readonly shared: number } {
  const { fields } = sources.find(source => source.name === name)!
  const all = [...knownNames]
    .filter(([other]) => other !== name)
    .map(([other, known]) => ({
      name: other,
      shared: [...fields.keys()].filter(field => known.has(field.toLowerCase())).length,
    }))
  return all.reduce((best, one) => (one.shared > best.shared ? one : best))
}
