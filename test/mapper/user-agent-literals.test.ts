import { describe, expect, it } from 'vitest'
import { requiredLiterals } from '../../scripts/required-literals.ts'
import { createLiteralScanner } from '../../src/mapper/user-agent-literals.ts'

describe('createLiteralScanner', () => {
  const find = (literals: string[], text: string) => {
    const found = new Set<string>()
    createLiteralScanner(literals).scan(text, literal => found.add(literals[literal]!))
    return [...found].sort()
  }

  it('finds overlapping and nested literals, without regard to case', () => {
    expect(find(['he', 'she', 'his', 'hers', 'usher'], 'Ushers')).toEqual(['he', 'hers', 'she', 'usher'])
  })

  it('knows the beginning and the end of the text', () => {
    const literals = ['\u0002ab', 'ab\u0003', '\u0002ab\u0003']
    expect(find(literals, 'ab')).toEqual([...literals].sort())
    expect(find(literals, 'abc')).toEqual(['\u0002ab'])
    expect(find(literals, 'cab')).toEqual(['ab\u0003'])
    expect(find(literals, '')).toEqual([])
  })

  it('is not led astray by other characters', () => {
    expect(find(['ab'], 'aéb a\u0000b ａb')).toEqual([])
    expect(find(['aa'], 'aaa')).toEqual(['aa'])
  })
})

describe('requiredLiterals', () => {
  it('lists literals of which every match holds one', () => {
    expect(requiredLiterals('(?:Cat|Dog)food')).toEqual([['catfood', 'dogfood']])
    expect(requiredLiterals('^x.{0,9}(y|z)$')).toEqual([['\u0002x'], ['y\u0003', 'z\u0003']])
  })

  it('asks for nothing where nothing is sure', () => {
    expect(requiredLiterals('.*')).toEqual([])
    expect(requiredLiterals('(?:a|)b*')).toEqual([])
    expect(requiredLiterals('abc|.{5}')).toEqual([])
  })

  it('refuses syntax that it does not know', () => {
    expect(() => requiredLiterals('(?=a)b')).toThrow('unknown group')
    expect(() => requiredLiterals('(a)\\1')).toThrow('unknown escape')
  })
})
