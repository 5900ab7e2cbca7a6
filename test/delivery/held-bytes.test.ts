import { expect, it } from 'vitest'
import { createHeldBytes } from '../../src/delivery/held-bytes.ts'

it('keeps copies side by side, those of one batch apart from those of another', () => {
  const heldBytes = createHeldBytes()
  const [a, b] = [heldBytes(), heldBytes()]
  const line = Buffer.from('{"a":1}')
  const kept = [a.keep(line), b.keep(line), a.keep(Buffer.from('second'))]
  line.fill('x')
  expect(kept.map(String)).toEqual(['{"a":1}', '{"a":1}', 'second'])
  expect(kept[0]!.buffer).toBe(kept[2]!.buffer)
  expect(kept[0]!.buffer).not.toBe(kept[1]!.buffer)
})

it('uses a place again that is cleared, and gives what does not fit a buffer of its own', () => {
  const heldBytes = createHeldBytes()
  const a = heldBytes()
  const first = a.keep(Buffer.alloc(400_000, 'a'))
  const large = a.keep(Buffer.alloc(200_000, 'b'))
  expect([first[399_999], large[199_999]]).toEqual([0x61, 0x62])
  expect(large.buffer).not.toBe(first.buffer)
  a.clear()
  expect(heldBytes().keep(Buffer.from('c')).buffer).toBe(first.buffer)
})
