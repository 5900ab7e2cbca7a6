import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { documents } from '../scripts/docs/documents.ts'
import facts from '../src/datasets/facts.json' with { type: 'json' }
import { registry } from '../src/datasets/index.ts'
import spellings from '../src/datasets/spellings.json' with { type: 'json' }
import type { AnyTable } from '../src/mapper/dataset.ts'
import { isArrayTarget } from '../src/mapper/layout.ts'
import type { JsonObject } from '../src/mapper/types.ts'
import { isEmpty } from '../src/mapper/value.ts'
import { parseRecord } from './datasets/map-one.ts'
import { type Golden, goldenFiles } from './golden/golden.ts'

interface Facts {
  readonly fields: Readonly<Record<string, string>>
  readonly legacy_fields?: readonly { readonly name: string }[]
}
type Spellings = Readonly<Record<string, JsonObject | undefined>>

const root = join(import.meta.dirname, '..')
const folder = join(root, 'docs/datasets')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const FACTS = Object.entries(facts as Readonly<Record<string, Facts>>)

/** The rows of the tables below a heading, as cells; without the heads of the tables. */
function rowsBelow(text: string, heading: string): string[][] {
  const [, after = ''] = text.split(new RegExp(`^## ${heading}.*\n`, 'm'))
  const [below = ''] = after.split(/^## /m)
  const lines = below.split('\n').filter(line => /^\| [`+[]|^\| {2}\|/.test(line))
  return lines.map(line => line.slice(2, -2).split(' | '))
}

/** Fields of a table, each with its last cell. A field without a name goes on with the one above. */
function fieldsBelow(text: string, heading: string): [field: string, note: string][] {
  const rows = rowsBelow(text, heading).filter(row => row[0]!.trim() !== '')
  return rows.map(row => [row[0]!.replaceAll('`', ''), row.at(-1)!.trim()])
}

/** Fields whose golden cases hold no country. */
const ONLY_PLACEHOLDERS: Readonly<Record<string, readonly string[]>> = { gateway_http: ['SourceIPCountryCode'] }

const mappedOf = (text: string) => fieldsBelow(text, 'Fields mapped to ECS')
const keptOf = (text: string) => fieldsBelow(text, 'Fields kept below')
const names = (fields: readonly (readonly [string, string])[]) => fields.map(([field]) => field).sort()

/** The rows of both parts of a table, from top to bottom: what is read, and the single values that are made of it. */
function candidatesOf({ fields, additions }: AnyTable): { from: readonly string[]; targets: readonly string[] }[] {
  return [...fields, ...(additions?.fields ?? [])].map(([from, to, by]) => ({
    from: [from].flat(),
    targets: ('parts' in by ? by.parts.map(part => String(to).replace('*', part)) : [to].flat()).filter(
      target => !isArrayTarget(target),
    ),
  }))
}

const quoted = (words: Iterable<string>) => [...words].map(word => `\`${word}\``).join(', ')

const isSecond = (text: string, field: string) => new RegExp(`the first of [^|;]*, \`${field}\``).test(text)

/** The fields of a golden case that have a value, and whether they are below `cloudflare`. */
function placesIn({ line, auto }: Golden): Map<string, boolean> {
  const fields = Object.entries(parseRecord(line)).filter(([, value]) => !isEmpty(value))
  return new Map(fields.map(([field]) => [field, field in ((auto.cloudflare ?? {}) as JsonObject)]))
}

describe('docs/datasets', () => {
  it('is current (else: npm run generate)', () => {
    const made = documents()
    expect(readdirSync(folder).sort()).toEqual([...made.keys()].sort())
    for (const [name, text] of made) expect(read(name), name).toBe(text)
  })

  it.each(FACTS.map(([name, fact]) => [name, fact] as const))('has every field of %s once', (name, fact) => {
    const text = read(`${name}.md`)
    expect(names([...mappedOf(text), ...keptOf(text)])).toEqual(Object.keys(fact.fields).sort())
    const others = [spellings.known, spellings.accepted].map(group => (group as Spellings)[name] ?? {})
    const older = [...(fact.legacy_fields ?? []).map(field => field.name), ...others.flatMap(Object.keys)]
    expect(names(fieldsBelow(text, 'Older and other names'))).toEqual(older.sort())
  })

  it.each(FACTS.map(([name]) => name))('says of the fields of %s where its golden cases have them', name => {
    const text = read(`${name}.md`)
    const isWhole = text.includes('The whole record is below `cloudflare`')
    const places = goldenFiles()
      .filter(file => file.dataset === name)
      .map(file => placesIn(file.golden))
    const seen = (field: string) => places.map(place => place.get(field)).filter(place => place !== undefined)

    for (const [field, note] of keptOf(text)) {
      if (note.startsWith('dropped where')) continue
      const isKept = !/^dropped(;|$)/.test(note)
      expect(seen(field), `${field}, said to be ${isKept ? 'kept' : 'dropped'}`).not.toContain(!isKept)
    }
    for (const [field, note] of mappedOf(text)) {
      const isKept = isWhole || /^kept (too|as \w+)(;|$)/.test(note)
      // Values that came second stay, and those that were cut; the golden cases may have no others.
      const mayStay =
        note.startsWith('kept too if') || text.includes(`the first of \`${field}\``) || isSecond(text, field)
      if (isKept) expect(seen(field), `${field}, said to be kept too`).not.toContain(false)
      else if (!mayStay && seen(field).length > 0 && !(ONLY_PLACEHOLDERS[name] ?? []).includes(field))
        expect(seen(field), `${field}, said to be taken`).toContain(false)
    }
  })

  it.each(registry)('says of each row of $name which fields go before it', ({ name, table }) => {
    const page = read(`${name}.md`)
    const rows = [...rowsBelow(page, 'Fields mapped to ECS'), ...rowsBelow(page, 'Older and other names')]
    const candidates = candidatesOf(table)
    const wanted = candidates.flatMap(({ from, targets }, i) => {
      const before = candidates.slice(0, i).filter(one => one.targets.some(target => targets.includes(target)))
      if (before.length === 0) return []
      const words = `; after ${quoted(new Set(before.flatMap(one => one.from)))}`
      return [...new Set(from.map(path => path.split('.')[0]))].map(() => words)
    })
    const said = rows.map(row => /;.* after .*/.exec(row[3] ?? '')?.[0]).filter(words => words !== undefined)
    expect(said.sort()).toEqual(wanted.sort())
  })

  it('need not tell conditions and constants from rows: no row sets a single value that they set', () => {
    for (const { name, table } of registry) {
      const { time, fixed, when, additions } = table
      const conditions = [when ?? [], additions?.when ?? []].flat().flatMap(group => Object.keys(group))
      const times = [time?.start && 'event.start', time?.end && 'event.end', '@timestamp']
      const set = [
        ...Object.keys({ ...fixed, ...additions?.fixed }),
        ...conditions.map(key => `event.${key}`),
        ...times,
      ]
      const made = new Set(candidatesOf(table).flatMap(({ targets }) => targets))
      expect(
        set.filter(target => made.has(target!)),
        name,
      ).toEqual([])
    }
  })

  it('names the default of event.module on every page', () => {
    for (const { name } of registry)
      expect(read(`${name}.md`), name).toMatch(/^\| (\+ )?`event.module` \| `cloudflare`/m)
    expect(read('firewall_events.md')).toContain('| + `event.module` | `cloudflare`, without `Source` |')
  })

  it('counts the fields as the pages list them', () => {
    const counts = rowsBelow(`## all\n${read('README.md')}`, 'all')
    expect(counts).toHaveLength(FACTS.length)
    for (const [name, , fields, mapped, kept, dropped] of counts) {
      const text = read(`${/\[(\w+)\]/.exec(name!)![1]}.md`)
      expect(mappedOf(text), name).toHaveLength(Number(mapped))
      expect(keptOf(text), name).toHaveLength(Number(kept) + Number(dropped))
      expect(Number(mapped) + Number(kept) + Number(dropped), name).toBe(Number(fields))
    }
    expect(counts.reduce((sum, row) => sum + Number(row[2]), 0)).toBe(1033)
  })

  it('lists every field of every dataset by the alphabet', () => {
    const text = read('fields.md')
    for (const [name, { fields }] of FACTS) {
      for (const field of Object.keys(fields)) {
        const at = text.indexOf(`| \`${field}\` |`)
        const rows = text.slice(at, text.indexOf('\n| `', at + 1))
        expect(at >= 0 && rows.includes(`[${name}](${name}.md)`), `${field} of ${name}`).toBe(true)
      }
    }
  })

  it('lists the keys below fields that tables read', () => {
    const list = read('fields.md')
    const paths = registry.flatMap(({ table }) => candidatesOf(table).flatMap(({ from }) => from))
    const keys = paths.filter(path => path.includes('.'))
    expect(keys).toContain('Raw.status_code')
    expect(keys.filter(key => !list.includes(`| \`${key}\` |`))).toEqual([])
    expect(list).toContain('| `Event.Request.URL` | `url.*` | [workers_trace_events](workers_trace_events.md) |')
  })

  it('has no link that leads nowhere', () => {
    const files = readdirSync(folder).map(name => join(folder, name))
    const links = files.flatMap(file =>
      [...readFileSync(file, 'utf8').matchAll(/\]\(([^)#]*)(#[^)]*)?\)/g)]
        .filter(match => !match[1]!.includes('://'))
        .map(match => ({ to: match[1] ? join(dirname(file), match[1]) : file, anchor: match[2]?.slice(1) })),
    )
    expect(links.length).toBeGreaterThan(1000)
    const headings = (file: string) =>
      [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(match =>
        match[1]!
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      )
    const anchors = new Map(
      [...new Set(links.filter(link => link.anchor).map(({ to }) => to))].map(file => [file, headings(file)]),
    )
    const broken = links.filter(
      ({ to, anchor }) => !existsSync(to) || (anchor !== undefined && !anchors.get(to)!.includes(anchor)),
    )
    expect(broken).toEqual([])
  })

  it('is found from README.md', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('(docs/datasets/README.md)')
  })
})
