import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import { compile } from '../../src/mapper/compile.ts'
import { text } from '../../src/mapper/convert.ts'
import { defineDataset } from '../../src/mapper/dataset.ts'
import type { Json, JsonObject, Line, MapperSettings } from '../../src/mapper/types.ts'
import { ecsFaults } from '../datasets/ecs-faults.ts'
import { flatten, lineOf, mapLines, mapRecord, SETTINGS } from '../datasets/map-one.ts'
import { descriptionsNow, descriptionsPath } from '../golden/descriptions.ts'
import { goldenFiles } from '../golden/golden.ts'

interface Rec {
  A?: string
  B?: string
  C?: Json
}
const DESCRIBED = { message: 'description' } as const
const PLAIN = 'Cloudflare d event'

/** The sentence of a record; A is user.email, B is url.domain, C stays below cloudflare. */
function sentence(description: string, record: JsonObject): Json | undefined {
  const table = defineDataset<Rec>()({
    name: 'd',
    description,
    fixed: {},
    fields: [
      ['A', 'user.email', text],
      ['B', 'url.domain', text],
    ],
  })
  const origin = { text: 'the line', time: '2024-01-01T00:00:00Z', tags: [] }
  return compile(table, { ...SETTINGS, ...DESCRIBED }).map(record, Object.keys(record), origin).event.message
}

describe('a template', () => {
  it('takes values of the event, below cloudflare too', () => {
    expect(sentence('{user.email} on {url.domain}: {cloudflare.C}', { A: 'ann', B: 'a.example', C: 'yes' })).toBe(
      'ann on a.example: yes',
    )
  })
  it('takes the first name that has a value', () => {
    expect(sentence('by {user.email|url.domain|cloudflare.C}', { C: 'c', B: 'b' })).toBe('by b')
    expect(sentence('by {user.email|url.domain|cloudflare.C}', { C: 'c', B: 'b', A: 'a' })).toBe('by a')
  })
  it('leaves out an optional part that misses one of its values', () => {
    const template = 'By {user.email}[ on {url.domain} with {cloudflare.C}][ at {url.domain}]'
    expect(sentence(template, { A: 'a', B: 'b' })).toBe('By a at b')
    expect(sentence(template, { A: 'a', C: 'c' })).toBe('By a')
    expect(sentence(template, { A: 'a', B: 'b', C: 'c' })).toBe('By a on b with c at b')
  })
  it('gives way to the name of the dataset when a part that is not optional misses a value', () => {
    expect(sentence('{user.email}[ on {url.domain}]', { B: 'b' })).toBe(PLAIN)
    expect(sentence('[{url.domain} ]{user.email|cloudflare.C}', { B: 'b' })).toBe(PLAIN)
  })
  it('does not need the values of optional parts at its beginning', () => {
    expect(sentence('[{url.domain} ]by {user.email}', { A: 'a' })).toBe('by a')
  })
  it('may name what the table never sets: it is missing', () => {
    expect(sentence('{user.email}[ from {source.ip}]', { A: 'a' })).toBe('a')
    expect(sentence('{source.ip}', { A: 'a' })).toBe(PLAIN)
  })
  it.each(['{user.email', 'user.email}', '[{user.email}', 'a]', '[a [b]]', '{}', '[]', '{{user.email}}'])(
    'with a bracket amiss is refused when the table is compiled: %s',
    template => {
      expect(() => sentence(template, { A: 'a' })).toThrow('a bracket is open, nested or empty')
    },
  )
  it('with a name that neither ECS nor the record has does not compile', () => {
    const define = defineDataset<Rec>()
    define({ name: 'd', fixed: {}, fields: [], description: '{user.email|cloudflare.A}[ {cloudflare.C}]' })
    // @ts-expect-error ECS has no such field
    define({ name: 'd', fixed: {}, fields: [], description: 'By {user.emial}' })
    // @ts-expect-error the record has no such field
    define({ name: 'd', fixed: {}, fields: [], description: '{user.email}[ on {url.domain|cloudflare.X}]' })
    // @ts-expect-error ECS has no such field, the second part's second name
    define({ name: 'd', fixed: {}, fields: [], description: '{user.email}[ on {url.domain|url.domian}]' })
    // @ts-expect-error an object of ECS, no field
    define({ name: 'd', fixed: {}, fields: [], description: '{user}' })
    expect(defineDataset<Rec, 'x'>()({ name: 'd', fixed: {}, fields: [], description: '{cloudflare.x}' })).toBeDefined()
  })
})

describe('a value in a sentence', () => {
  const shown = (value: Json) => sentence('<{cloudflare.C}>', { C: value })

  it.each([
    ['text', 'text'],
    [0, '0'],
    [false, 'false'],
    [['a', 1, true], 'a, 1, true'],
    [['', 'a', null, { b: 1 }, ['c'], 'd'], 'a, d'],
    [['a', '  ', '\u0000\t', ' b\n'], 'a, b'],
  ])('is text: %j', (value, shows) => {
    expect(shown(value)).toBe(`<${shows}>`)
  })
  it.each([[''], [null], [[]], [{}], [{ a: 'b' }], [[{ a: 'b' }]], ['   '], ['\u0000\t\u0085'], [['']], [[' ', '\n']]])(
    'is missing: %j',
    value => {
      expect(shown(value)).toBe(PLAIN)
    },
  )
  it('is cut at 200 characters', () => {
    expect(shown('x'.repeat(200))).toBe(`<${'x'.repeat(200)}>`)
    expect(shown('x'.repeat(201))).toBe(`<${'x'.repeat(200)}>`)
    expect(shown(['x'.repeat(150), 'y'.repeat(150)])).toBe(`<${'x'.repeat(150)}, ${'y'.repeat(48)}>`)
  })
  it('is not cut within a surrogate pair', () => {
    expect(shown(`${'x'.repeat(199)}\u{1f600}`)).toBe(`<${'x'.repeat(199)}>`)
    expect(shown(`${'x'.repeat(198)}\u{1f600}y`)).toBe(`<${'x'.repeat(198)}\u{1f600}>`)
  })
  it('is cut after its blanks have become one', () => {
    expect(shown(`${'\u0001'.repeat(250)}hello`)).toBe('< hello>')
    expect(shown([`${'\u0001'.repeat(250)}hello`, 'you'])).toBe('<hello, you>')
    expect(shown(`${'a \t'.repeat(150)}`)).toBe(`<${'a '.repeat(100)}>`)
  })
  it('is looked at no further than 8192 characters, and not within a surrogate pair', () => {
    expect(shown(`${' '.repeat(8191)}x`)).toBe('< x>')
    expect(shown(`${' '.repeat(8192)}x`)).toBe(PLAIN)
    expect(shown(`${' '.repeat(8190)}x\u{1f600}`)).toBe('< x>')
  })
  it('has one blank for control characters and runs of blanks', () => {
    expect(shown('a\r\n\u001b[31m\u0000b  \u009fc\u2028d\u007f')).toBe('<a [31m b c d >')
  })
  it('adds no blanks at the ends of the sentence', () => {
    expect(sentence('{user.email} did {url.domain}', { A: ' ann ', B: '\tthat\n' })).toBe('ann did that')
  })
})

describe('a record', () => {
  const record = { ActionType: 'login', ActorEmail: 'ann@example.org', When: '2024-05-06T07:00:00Z' }
  const line = JSON.stringify(record)
  const eventOf = (settings: Partial<MapperSettings>, dataset = 'audit_logs') =>
    mapRecord(record, dataset, settings).event as { message?: string; event: { original?: string } }

  it('has its line in message and nothing in event.original by default', () => {
    const { message, event } = eventOf({})
    expect(message).toBe(line)
    expect(event).not.toHaveProperty('original')
  })
  it('has the sentence in message and its line in event.original with MESSAGE=description', () => {
    const { message, event } = eventOf(DESCRIBED)
    expect(message).toBe('ann@example.org did login')
    expect(event.original).toBe(line)
  })
  it('has no line at all with KEEP_ORIGINAL=false, but the sentence', () => {
    expect(eventOf({ keepOriginal: false })).not.toHaveProperty('message')
    expect(eventOf({ keepOriginal: false }).event).not.toHaveProperty('original')
    const { message, event } = eventOf({ ...DESCRIBED, keepOriginal: false })
    expect(message).toBe('ann@example.org did login')
    expect(event).not.toHaveProperty('original')
  })
  it('of an unknown dataset says so', () => {
    const [mapped] = mapLines([lineOf({ foo: 1 })], undefined, DESCRIBED)
    expect(mapped!.event).toMatchObject({ message: 'Cloudflare unknown event', event: { original: '{"foo":1}' } })
  })
  it('without what its sentence needs has the name of its dataset', () => {
    expect(mapRecord({ Action: 'block' }, 'firewall_events', DESCRIBED).event.message).toBe(
      'Cloudflare firewall_events event',
    )
  })
  it('is in profile raw what it is without the setting', () => {
    expect(eventOf({ ...DESCRIBED, profile: 'raw' })).toEqual(eventOf({ profile: 'raw' }))
    expect(eventOf({ ...DESCRIBED, profile: 'raw' }).message).toBe(line)
  })
})

it.each([true, false])('a bad line keeps event.original and has no message (KEEP_ORIGINAL=%s)', keepOriginal => {
  const bad: Line = { number: 0, text: 'oops', bad: { code: 'not_json', message: 'It is no JSON at byte 0.' } }
  const [mapped] = mapLines([bad], undefined, { ...DESCRIBED, keepOriginal })
  expect(mapped!.event).toMatchObject({ event: { original: 'oops' } })
  expect(mapped!.event).not.toHaveProperty('message')
})

describe('the templates of the tables', () => {
  const described = goldenFiles().map(({ dataset, golden }) => {
    const line: Line = { number: 0, text: golden.line, record: JSON.parse(golden.line) as JsonObject }
    return { dataset, event: mapLines([line], dataset, DESCRIBED)[0]!.event }
  })

  it('give the golden sentences (else: npm run golden)', () => {
    const golden = JSON.parse(readFileSync(descriptionsPath, 'utf8')) as Record<string, string>
    expect(descriptionsNow()).toEqual(golden)
    expect(Object.keys(golden).sort()).toEqual(registry.map(entry => entry.name).sort())
    for (const [dataset, words] of Object.entries(golden)) expect(words).not.toBe(`Cloudflare ${dataset} event`)
  })
  it('name only what some golden event of their dataset has', () => {
    for (const { name, table } of registry) {
      const present = new Set(
        described.filter(({ dataset }) => dataset === name).flatMap(({ event }) => Object.keys(flatten(event))),
      )
      const names = [...table.description!.matchAll(/\{([^}]+)\}/g)].flatMap(match => match[1]!.split('|'))
      expect(names.length).toBeGreaterThan(0)
      expect(
        names.filter(one => !present.has(one)),
        name,
      ).toEqual([])
    }
  })
  it('leave events valid in ECS', () => {
    for (const { dataset, event } of described) expect(ecsFaults(event), dataset).toEqual([])
  })
  it('give one line of text, whatever the fields hold', () => {
    for (const { name, known } of registry) {
      const values = fc.oneof(
        fc.jsonValue(),
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constant('a\r\n\u2028b'),
      )
      const records = fc.dictionary(fc.constantFrom(...known, 'constructor', '__proto__'), values, { maxKeys: 25 })
      fc.assert(
        fc.property(records, record => {
          const { message } = mapRecord(record as JsonObject, name, DESCRIBED).event
          expect(message).toMatch(/^\S/)
          expect(message).not.toMatch(/\s$|\s{2}|\p{Cc}|[\u2028\u2029]/u)
          expect((message as string).length).toBeLessThan(2000)
        }),
        { numRuns: 20 },
      )
    }
  })
})
