import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  COPIES,
  createJoiner,
  DEPTHS,
  FIELDS,
  ITEMS,
  type JoinedLeaf,
  type Joiner,
  type Leaves,
  MEMO_BYTES,
  OPENING_BYTES,
  SLOTS,
  TARGETS,
} from '../../src/scan/joiner.ts'
import { createModule } from '../../src/scan/module.ts'
import { createReader } from '../../src/scan/reader.ts'
import { createScanner, LEFT_OUT, MEMBERS, REPLACED, STRING } from '../../src/scan/scanner.ts'

/** A text, and whether it is to come as a JSON string. */
type Part = readonly [text: string, isString: boolean]

const VENDOR = 9

function setUp() {
  const module = createModule()
  const joiner = createJoiner(module)
  let end = 0

  /** Puts a text where the joiner finds it. @returns its address and length */
  function textAt([text, isString]: Part): [number, number] {
    const at = end
    const length = joiner.texts.write(text, at)
    end += length
    return [joiner.textsAt + at, isString ? -length : length]
  }

  const join = (leaves: Leaves, isWhole = false, members = 0, targets = 0, lineBytes = 0, textBytes = end) => {
    const size = joiner.join(leaves, { vendor: VENDOR, isWhole }, members, targets, lineBytes, textBytes)
    return size < 0 ? undefined : Buffer.from(joiner.out.subarray(0, size)).toString()
  }
  return { module, scanner: createScanner(module), joiner, textAt, join, reset: () => (end = 0) }
}

/** Leaves of these paths, in slots from 0 on. */
function leavesOf(joiner: Joiner, paths: readonly string[], slots = paths.map((_, i) => i)): Leaves {
  return joiner.leaves(
    paths.map((path, i): JoinedLeaf => {
      const names = path.split('.')
      const before = paths[i - 1]?.split('.') ?? []
      const differs = names.findIndex((name, depth) => name !== before[depth] || depth === before.length - 1)
      const texts = names.map(name => JSON.stringify(name))
      return {
        slot: slots[i]!,
        constant: slots[i] === -1 ? '"constant"' : undefined,
        depth: names.length - 1,
        shared: i === 0 ? 0 : differs < 0 ? names.length - 1 : differs,
        opening: `${texts.join(':{')}:`,
        names: texts.map((_, depth) => texts.slice(0, depth).reduce((sum, text) => sum + text.length + 2, 0)),
      }
    }),
  )
}

const own = setUp()
const one = leavesOf(own.joiner, ['a'])

/** A value of an event that has nothing else. */
function joinOne(part: Part): string | undefined {
  own.reset()
  own.joiner.values.set(own.textAt(part))
  return own.join(one)?.slice('{"a":'.length, -1)
}

describe('a value', () => {
  it('comes as it is or, with a negative length, as JSON.stringify writes it', () => {
    const text = fc.oneof(
      fc.string({ minLength: 1, maxLength: 80 }),
      fc.string({ minLength: 1, maxLength: 80, unit: fc.constantFrom('"', '\\', 'a', 'é', '😀') }),
      fc.string({ minLength: 100, maxLength: 400 }),
    )
    fc.assert(
      fc.property(text, text => {
        expect(joinOne([text, false])).toBe(text)
        expect(joinOne([text, true])).toBe(JSON.stringify(text))
      }),
      { numRuns: 500 },
    )
  })

  it('has each pattern of quotes in a block escaped', () => {
    for (let pattern = 0; pattern < 65_536; pattern++) {
      const text = Array.from({ length: 16 }, (_, bit) => ((pattern >> bit) & 1 ? '"' : 'x')).join('')
      if (joinOne([text, true]) !== `"${text.replaceAll('"', '\\"')}"`) expect.unreachable(text)
    }
  })

  it('may be a part of the line, a constant, a memo', () => {
    const { scanner, joiner, join } = setUp()
    scanner.scan(Buffer.from('{"key":"a\\"b"}'))
    const [start, end] = scanner.tokens as unknown as [number, number]
    joiner.memo.write('[1]', 300)
    joiner.values.set([
      joiner.lineAt + start + 1,
      -(end - start - 2),
      joiner.constant('"é"'),
      4,
      joiner.memoAt + 300,
      3,
    ])
    expect(join(leavesOf(joiner, ['a', 'b', 'c']))).toBe('{"a":"a\\\\\\"b","b":"é","c":[1]}')
  })

  it('may be a list', () => {
    const { joiner, textAt, join } = setUp()
    joiner.items.set([...textAt(['x"y', true]), ...textAt(['12', false]), ...textAt(['z', true])])
    joiner.values.set([joiner.itemsAt, 2, joiner.itemsAt + 16, 1])
    expect(join(leavesOf(joiner, ['a', 'b']))).toBe('{"a":["x\\"y",12],"b":["z"]}')
  })

  it('is refused with a control character, wherever in the texts it stands', () => {
    for (const length of [1, 15, 16, 17, 33]) {
      for (let at = 0; at < length; at++) {
        const text = `${'x'.repeat(at)}\x1f${'x'.repeat(length - at - 1)}`
        expect(joinOne([text, true])).toBeUndefined()
      }
      expect(joinOne(['\x20\x7f'.repeat(length), true])).toBe(JSON.stringify('\x20\x7f'.repeat(length)))
    }
  })

  it('is refused where it might not fit, whatever is said of its length', () => {
    const { joiner, join } = setUp()
    const leaves = leavesOf(joiner, ['a', 'b', 'c'])
    const all = joiner.out.length
    for (const length of [0x7fffffff, -0x7fffffff, -0x80000000, all, -all / 2]) {
      joiner.values.set([joiner.textsAt, length])
      expect(join(leaves, false, 0, 0, 0, 0)).toBeUndefined()
      joiner.items.set([joiner.textsAt, length])
      joiner.values.set([joiner.itemsAt, 1])
      expect(join(leaves, false, 0, 0, 0, 0)).toBeUndefined()
    }
    joiner.values.set([joiner.textsAt, all / 2, joiner.textsAt, all / 2 - 2000, joiner.textsAt, 900])
    expect(joiner.join(leaves, { vendor: VENDOR, isWhole: false }, 0, 0, 0, 0)).toBe(
      all - 1100 + '{"a":,"b":,"c":}'.length,
    )
    joiner.values.set([2000], 5)
    expect(join(leaves, false, 0, 0, 0, 0)).toBeUndefined()
  })
})

describe('the places of an event', () => {
  it('nest as JSON does, whichever have a value', () => {
    const paths = ['a', 'b.c', 'b.d.e', 'b.d.f.g', 'b.d.f.h', 'b.i', 'j.k.l', 'j.k.m.n.o.p', 'q']
    const { joiner, textAt, join } = setUp()
    const leaves = leavesOf(joiner, paths)
    const [address, length] = textAt(['1', false])
    for (let set = 1; set < 1 << paths.length; set++) {
      const event = {}
      paths.forEach((path, slot) => {
        const isSet = (set >> slot) & 1
        joiner.values.set([address, isSet ? length : 0], 2 * slot)
        if (!isSet) return
        const names = path.split('.')
        const inner = (object: Record<string, object>, name: string) => {
          object[name] ??= {}
          return object[name] as Record<string, object>
        }
        const object: Record<string, unknown> = names.slice(0, -1).reduce(inner, event)
        object[names.at(-1)!] = 1
      })
      if (join(leaves) !== JSON.stringify(event)) expect.unreachable(`${set.toString(2)}: ${join(leaves)}`)
    }
  })

  it('may be constants', () => {
    const { joiner, join } = setUp()
    expect(join(leavesOf(joiner, ['a.b', 'a.c', 'd'], [-1, 0, -1]))).toBe('{"a":{"b":"constant"},"d":"constant"}')
  })

  it('are refused where they lie too deep, have too long names, or there is no more room', () => {
    const { joiner } = setUp()
    const deep = (depth: number) =>
      leavesOf(joiner, [
        Array(depth + 1)
          .fill('x')
          .join('.'),
      ])
    expect(deep(DEPTHS - 1).count).toBe(1)
    expect(() => deep(DEPTHS)).toThrow(RangeError)
    expect(leavesOf(joiner, ['x'.repeat(OPENING_BYTES - 3)]).count).toBe(1)
    expect(() => leavesOf(joiner, ['x'.repeat(OPENING_BYTES - 2)])).toThrow(RangeError)
    joiner.constant('x'.repeat(1_048_576 - 600))
    expect(() => leavesOf(joiner, Array(40).fill('y'))).toThrow(RangeError)
  })
})

describe('the object of the line’s members', () => {
  const line = '{"a":1,"b":"","c":"x","d":12345678901234567890,"e":[1, 2],"f":null,"g":true}'

  function read() {
    const set = setUp()
    set.scanner.scan(Buffer.from(line))
    set.joiner.values[2 * VENDOR + 1] = 1
    set.joiner.kept.set(Array.from({ length: 7 }, () => [-1, 0, 0, 0]).flat())
    return { ...set, leaves: leavesOf(set.joiner, ['x', 'v', 'y'], [0, VENDOR, 1]) }
  }

  it('has those that hold something, large integers as strings', () => {
    const { leaves, join } = read()
    expect(join(leaves, false, 7)).toBe('{"v":{"a":1,"c":"x","d":"12345678901234567890","e":[1, 2],"g":true}}')
  })

  it('is the whole line where that is said', () => {
    const { leaves, join, scanner, joiner, textAt } = read()
    const large = line.replace('12345678901234567890', '"12345678901234567890"')
    expect(join(leaves, true, 7, 0, line.length)).toBe(`{"v":${large}}`)
    scanner.tokens[3 * 4 + 2] = REPLACED
    joiner.replaced.set(textAt(['[1,2]', false]), 8)
    expect(join(leaves, true, 7, 0, line.length)).toBe(`{"v":${large.replace('[1, 2]', '[1,2]')}}`)
  })

  it('leaves out what is taken, dropped or said to be, and takes other texts, keys and targets', () => {
    const { leaves, join, scanner, joiner, textAt } = read()
    joiner.taken[5] = 1
    joiner.kept.set([5, 0, 0, 0]) // a
    joiner.kept.set([6, 0, joiner.constant('"k":'), 4], 4 * 2) // c
    joiner.kept.set([-1, 1, 0, 0], 4 * 3) // d
    scanner.tokens[3 * 4 + 2] = REPLACED // e
    joiner.replaced.set(textAt(['"other"', false]), 8)
    joiner.targets.set([3, 0, joiner.constant('"t":'), 4, 4, 0, joiner.constant('"u":'), 4])
    joiner.values.set(textAt(['2', false]), 8)
    expect(join(leaves, false, 7, 2)).toBe('{"v":{"k":"x","e":"other","g":true,"u":2}}')
    scanner.tokens[3 * 2 + 2] = LEFT_OUT
    joiner.values.set(textAt(['3', false]), 0)
    expect(join(leaves, false, 7, 1)).toBe('{"x":3,"v":{"e":"other","g":true}}')
  })

  it('is not there where nothing is in it', () => {
    const { leaves, join, joiner, textAt } = read()
    joiner.kept.set(Array.from({ length: 7 }, () => [-1, 1, 0, 0]).flat())
    joiner.values.set([...textAt(['1', false]), ...textAt(['2', false])])
    expect(join(leaves, false, 7)).toBe('{"x":1,"y":2}')
  })
})

describe('copies', () => {
  it('take members of their kinds, and tell of others that hold something', () => {
    const { scanner, joiner } = setUp()
    scanner.scan(Buffer.from('{"a":"x","b":1,"c":"","d":null,"e":[]}'))
    joiner.values.fill(7, 0, 20)
    joiner.copies.set([0, 1, 2, 3, 4].flatMap(member => [member, 1 << STRING, member, 10 + member]))
    expect(joiner.copyMembers(5)).toBe(2)
    expect([...joiner.odd.subarray(0, 2)]).toEqual([1, 4])
    expect([...joiner.taken.subarray(10, 15)]).toEqual([1, 0, 0, 0, 0])
    expect([...joiner.values.subarray(0, 10)].filter((_, i) => i % 2 === 1)).toEqual([3, 0, 0, 0, 0])
    expect(joiner.values[0]).toBe(joiner.lineAt + 5)
  })
})

describe('constants', () => {
  it('stay where they are, whatever else happens', () => {
    const { scanner, joiner, join } = setUp()
    const texts = Array.from({ length: 500 }, (_, i) => `"field.${i}.é"`)
    const at = texts.map(text => joiner.constant(text))
    scanner.scan(Buffer.from(`{"a":"${'x'.repeat(200_000)}"}`))
    joiner.texts.fill(1)
    joiner.memo.fill(1)
    const leaves = leavesOf(joiner, ['a'])
    texts.forEach((text, i) => {
      joiner.values.set([at[i]!, Buffer.byteLength(text)])
      expect(join(leaves)).toBe(`{"a":${text}}`)
    })
  })

  it('are refused when there is no more place for them, and a shorter one is still taken', () => {
    const { joiner } = setUp()
    joiner.constant('x'.repeat(1_048_576 - 3))
    expect(() => joiner.constant('ééx')).toThrow(RangeError)
    expect(joiner.constant('éx')).toBeGreaterThan(0)
    expect(() => joiner.constant('x')).toThrow(RangeError)
  })
})

describe('the areas of the memory', () => {
  it('are as large as their users take them for, and none reaches into the next', () => {
    const { at } = createModule()
    const limits = { COPIES, FIELDS, ITEMS, MEMBERS, MEMO_BYTES, SLOTS, TARGETS, OUT_BYTES: own.joiner.out.length }
    expect(at).toMatchObject(
      Object.fromEntries(
        Object.entries(limits).map(([name, limit]) => [name, expect.objectContaining({ value: limit })]),
      ),
    )
    const { values, taken, targets, kept, copies, odd, items, replaced, memo, texts, out } = own.joiner
    const { reads, numbers } = createReader(own.module)
    const areas = [values, taken, targets, kept, copies, odd, items, replaced, memo, texts, out, reads, numbers]
      .map(({ byteOffset, byteLength }) => [byteOffset, byteOffset + byteLength + 64] as const)
      .sort(([a], [b]) => a - b)
    const starts = Object.entries(at)
      .flatMap(([name, { value }]) => (name.endsWith('_AT') ? [value] : []))
      .sort((a, b) => a - b)
    for (const [start, end] of areas)
      expect(starts.find(next => next > start) ?? out.buffer.byteLength).toBeGreaterThanOrEqual(end)
  })
})
