import { describe, expect, it } from 'vitest'
import { patternsInWords, testInWords } from '../scripts/docs/conditions.ts'
import { explanations } from '../scripts/docs/conversions.ts'
import { exampleOf } from '../scripts/docs/documents.ts'
import { pretty } from '../scripts/docs/pretty.ts'
import { sources } from '../scripts/docs/source.ts'
import { usesOf } from '../scripts/docs/uses.ts'
import { text } from '../src/mapper/convert.ts'
import { host, url } from '../src/mapper/convert-net.ts'
import type { AnyTable } from '../src/mapper/dataset.ts'
import type { GoldenFile } from './golden/golden.ts'

describe('conditions in words', () => {
  it.each([
    [['a', 'b'], 'is `a` or `b`'],
    ['a*', 'begins with `a`'],
    ['*a', 'ends with `a`'],
    ['*a*', 'contains `a`'],
    ['1..399', 'is from 1 to 399'],
    ['present', 'has a value'],
    [['x*', 'a'], 'is `a` or begins with `x`'],
  ])('%s', (patterns, words) => {
    expect(patternsInWords(patterns)).toBe(words)
  })

  it.each([
    ['else' as const, 'in all other cases'],
    [{ A: 'x', B: 'true' }, '`A` is `x` and `B` is `true`'],
    [{ first: ['A', 'B'], is: 'present' }, 'one of `A`, `B` has a value'],
    [{ first: ['A', 'B'], is: 'x' }, 'the first of `A`, `B` that has a value is `x`'],
  ])('%j', (test, words) => {
    expect(testInWords(test)).toBe(words)
  })
})

describe('rows', () => {
  it('say for which of their ECS fields others go before them', () => {
    const fields: AnyTable['fields'] = [
      ['A', 'url.domain', host],
      [['B', 'C.d'], 'url.path', text],
      ['E', 'url.*', url],
      ['A', ['url.domain', 'url.path'], text],
    ]
    const said = usesOf({ name: 'd', fixed: {}, fields }).map(use => use.conversion)
    expect(said[0]).toBe('host')
    expect(said[3]).toBe('URL; `url.domain` after `A`; `url.path` after `B`, `C.d`')
    expect(said[4]).toBe('text; `url.domain` after `A`, `E`; `url.path` after `B`, `C.d`, `E`')
  })
})

describe('examples', () => {
  it('are the cases with most documented fields that have a value, the first of equals', () => {
    const source = sources.find(({ name }) => name === 'websocket_analytics')!
    const one = (record: object, dataset: string = source.name): GoldenFile => {
      return { path: '', dataset, golden: { line: JSON.stringify(record), off: {}, auto: {} } }
    }
    const wanted = one({ RayID: 'a', ColoCode: 'FRA' })
    const others = [
      one({ rayId: 'a', coloCode: 'FRA', zoneId: 'z' }),
      one({ RayID: '', ColoCode: 'FRA', ClientIP: null }),
    ]
    const all = [
      ...others,
      wanted,
      one({ RayID: 'b', ColoCode: 'AMS' }),
      one({ RayID: 'b', ColoCode: 'A', ClientIP: 'c' }, 'x'),
    ]
    expect(exampleOf(source, all)).toBe(wanted.golden)
    expect(() => exampleOf(source, [])).toThrow('websocket_analytics')
  })
  it('have their numbers digit by digit', () => {
    expect(pretty('{"a":1772442942000000001,"b":[1.50,1e2]}')).toContain('1772442942000000001')
    expect(pretty('{"b":[1.50,1e2]}')).toBe('{\n  "b": [\n    1.50,\n    1e2\n  ]\n}')
  })
})

describe('conversions', () => {
  it('are explained by the longest name that fits, each once', () => {
    const titles = explanations(['text in lower case', 'text', 'text', '`a` for `b`', '`c` if true']).map(
      one => one.title,
    )
    expect(titles).toEqual(['`x` for `y`', 'text', 'text in lower case'])
  })

  it('without an explanation stop the generator', () => {
    expect(() => explanations(['something new'])).toThrow('something new')
  })
})
