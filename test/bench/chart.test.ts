import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Figure } from '../../bench/figures.ts'
import type { FamilyResult, Result } from '../../bench/report.ts'
import { families } from '../../bench/rows/index.ts'
import { filled } from '../../scripts/chart/document.ts'
import { ticksTo } from '../../scripts/chart/numbers.ts'
import { peers } from '../../scripts/chart/peers.ts'
import { picture } from '../../scripts/chart/picture.ts'

const docs = new URL('../../docs/', import.meta.url)
const page = readFileSync(new URL('benchmarks.md', docs), 'utf8')

const around = (median: number): Figure => ({ median, least: median * 0.9, most: median * 1.1 })
const columns = [
  { key: 'accepted', head: 'accepted/s', digits: 0 },
  { key: 'delivered', head: 'delivered/s', digits: 0 },
]

function family(title: string, rows: Readonly<Record<string, readonly [accepted: number, delivered: number]>>) {
  const lines = Object.entries(rows).map(([label, [accepted, delivered]]) => ({
    label,
    figures: { accepted: around(accepted), delivered: around(delivered) },
  }))
  return { title, columns, lines } satisfies FamilyResult
}

function run(measured: Readonly<Record<string, FamilyResult>>): Result {
  return { machine: { cpu: 'Abacus & Sons', cores: 2, memoryGiB: 4, node: 'v26.1.2' }, rounds: 5, families: measured }
}

const batches = family('By size', { '100': [31_000, 30_500], '1,000 (3 batches refused)': [62_040, 61_060] })
const service = family('Whole', { 'sink held': [130_000, 0], 'file sink': [60_010, 59_200] })
const result = run({ batches, service })

/** The text between two marks of the page. */
const placeIn = (document: string, name: string) =>
  document.split(`<!-- ${name} -->`)[1]!.split(`<!-- /${name} -->`)[0]!
const barsOf = (svg: string, kind: string) =>
  [...svg.matchAll(new RegExp(`<rect [^>]*width="([\\d.]+)" height="([\\d.]+)" class="${kind}"`, 'g'))].map(
    ([, width, height]) => ({ width: Number(width), height: Number(height) }),
  )

describe('the page of the benchmarks', () => {
  it('has the rows of the run as tables, with their spread', () => {
    const document = filled(page, result, peers)
    const table = placeIn(document, 'batches')
    expect(table).toContain('By size. Again: `npm run bench -- --only batches`.')
    expect(table).toContain('| 100 | 31,000 (27,900–34,100) | 30,500 (27,450–33,550) |')
    expect(placeIn(document, 'service')).toContain('| file sink | 60,010 (54,009–66,011) |')
    expect(placeIn(document, 'machine')).toContain('2 × Abacus & Sons, 4 GiB, Node 26.1.2; medians of 5 rounds')
  })

  it('says of a family that is not part of the run that it is missing, and how it is measured', () => {
    const document = filled(filled(page, result, peers), run({ service }), peers)
    const place = placeIn(document, 'batches')
    expect(place).toContain('has no such rows; `npm run bench -- --only batches` measures them')
    expect(place).not.toContain('31,000')
  })

  it('keeps all that is outside of its places, and is the same when it is filled again', () => {
    const text =
      'Before $& <!-- TODO(session) -->\n<!-- machine -->\nold\n<!-- /machine -->\nbetween\n<!-- peers -->\n<!-- /peers -->\nafter'
    const once = filled(text, run({}), peers)
    expect(once).toMatch(
      /^Before \$& <!-- TODO\(session\) -->\n<!-- machine -->\n\n[^<]+\n\n<!-- \/machine -->\nbetween\n/,
    )
    expect(once).toMatch(/<!-- \/peers -->\nafter$/)
    expect(once).not.toContain('old')
    expect(filled(once, run({}), peers)).toBe(once)
  })

  it('refuses a run with a family that it has no place for', () => {
    expect(() => filled(page, run({ batches, kites: batches }), peers)).toThrow('no place for kites')
  })

  it('refuses to be without one of its places, or without the end of one', () => {
    expect(() => filled(page.replaceAll('<!-- machine -->', ''), result, peers)).toThrow('no place for machine')
    expect(() => filled(page.replace('<!-- /workers -->', ''), result, peers)).toThrow('no end of workers')
  })

  it('has a place for each family that there is', () => {
    const places = [...page.matchAll(/<!-- ([a-z-]+) -->/g)].map(match => match[1])
    expect(places.toSorted()).toEqual([...families.map(({ name }) => name), 'machine', 'peers'].toSorted())
  })

  it('tells the figures of others, and how many times the fastest of them is delivered in the run', () => {
    const place = placeIn(filled(page, result, peers), 'peers')
    for (const { name, how, recordsPerSecond } of peers.services) {
      expect(place).toContain(`| ${name} | ${how} | ${recordsPerSecond.toLocaleString('en')} |`)
    }
    expect(place).toContain(peers.source)
    expect(place).toContain('59,200 records/s, with fsync: 8.0 times the fastest')
    expect(placeIn(filled(page, run({ batches }), peers), 'peers')).not.toContain('times the fastest')
  })

  it('is, with the picture, what the run beside it makes', () => {
    const kept = JSON.parse(readFileSync(new URL('benchmarks.json', docs), 'utf8')) as Result
    expect(filled(page, kept, peers)).toBe(page)
    expect(readFileSync(new URL('benchmarks.svg', docs), 'utf8')).toBe(picture(kept, peers))
  })
})

describe('the picture of the benchmarks', () => {
  it('draws each figure of the sizes as high as it is, and writes it', () => {
    const svg = picture(result, peers)
    // The legend has the first of each kind.
    const [, small, large] = barsOf(svg, 'accepted')
    expect(large!.height / small!.height).toBeCloseTo(62_040 / 31_000, 1)
    const [, , delivered] = barsOf(svg, 'delivered')
    expect(delivered!.height / large!.height).toBeCloseTo(61_060 / 62_040, 1)
    for (const text of ['31,000', '30,500', '62,000', '61,100']) expect(svg).toContain(`>${text}</text>`)
    expect(svg).toContain('>(3 batches refused)</text>')
  })

  it('draws others beside the file sink of the run, to one scale', () => {
    const svg = picture(result, peers)
    const ours = barsOf(svg, 'delivered').at(-1)!
    const theirs = barsOf(svg, 'peer')
    expect(theirs).toHaveLength(peers.services.length)
    for (const [i, { recordsPerSecond }] of peers.services.entries()) {
      expect(theirs[i]!.width / ours.width).toBeCloseTo(recordsPerSecond / 59_200, 2)
    }
  })

  it('changes with a figure of the run, and with nothing else', () => {
    const faster = run({ batches, service: family('Whole', { 'file sink': [60_010, 70_500] }) })
    expect(picture(faster, peers)).toContain('>70,500</text>')
    expect(picture(result, peers)).not.toContain('>70,500</text>')
    expect(picture(structuredClone(result), peers)).toBe(picture(result, peers))
  })

  it('says in words what it shows, and escapes what comes from the run', () => {
    const svg = picture(result, peers)
    const [, said] = /<desc id="desc">(.*?)<\/desc>/.exec(svg)!
    expect(said).toContain('1,000: 62,000 accepted, 61,100 delivered')
    expect(said).toContain('logpush-intake (full ECS, fsync before each 200): 59,200')
    expect(svg).toContain('Abacus &amp; Sons')
  })

  it('says so where the run has no rows of the sizes, and leaves this service out where it was not measured', () => {
    const svg = picture(run({}), peers)
    expect(svg).toContain('npm run bench -- --only batches')
    expect(svg).not.toContain('>logpush-intake</text>')
    expect(svg).toContain('>Redpanda Connect</text>')
  })

  it('refuses rows without the figures that it draws', () => {
    const bare = { ...batches, lines: [{ label: '100', figures: {} }] }
    expect(() => picture(run({ batches: bare }), peers)).toThrow('The row 100 of batches has no figure accepted')
    expect(() => picture(run({ service: batches }), peers)).toThrow('none that is called file sink')
  })

  it('has even steps at its side, up to above the highest figure', () => {
    expect(ticksTo(19_921)).toEqual([0, 5000, 10_000, 15_000, 20_000])
    for (const most of [1, 7, 10, 999, 61_283, 281_000, 700_000]) {
      const ticks = ticksTo(most)
      expect(ticks.length).toBeGreaterThanOrEqual(4)
      expect(ticks.length).toBeLessThanOrEqual(8)
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(most)
      expect(ticks.at(-2)).toBeLessThan(most)
    }
  })
})
