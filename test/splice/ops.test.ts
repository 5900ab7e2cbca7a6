import { expect, test } from 'vitest'
import { createScanner } from '../../src/scan/scanner.ts'
import { createOps } from '../../src/splice/ops.ts'

test('an event that is given up leaves nothing behind for the next', () => {
  const scanner = createScanner()
  const ops = createOps(scanner)
  const join = (...texts: string[]) => {
    ops.begin()
    for (const text of texts) ops.string(text)
    const size = ops.end()
    return size < 0 ? undefined : scanner.out.toString('latin1', 0, size)
  }
  expect(join('a')).toBe('"a"')
  expect(join(...Array(9000).fill('b'))).toBeUndefined()
  expect([join('c'), join('d', 'e'), join('f')]).toEqual(['"c"', '"d""e"', '"f"'])
  ops.begin()
  for (const text of ['g', 'h', 'i']) ops.string(text)
  expect(join('j')).toBe('"j"')
})
