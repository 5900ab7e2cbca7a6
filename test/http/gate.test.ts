import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createGate, type Guest } from '../../src/http/gate.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = new AbortController().signal
const gateOf = (places: number, maxWaiting: number) => {
  const seen: [number, number][] = []
  const gate = createGate({
    places,
    maxWaiting,
    maxWaitMs: 1000,
    refusal: () => new Error('too many'),
    onChange: (inside, waiting) => seen.push([inside, waiting]),
  })
  return { gate, last: () => seen.at(-1) }
}

/** Leaves when it is sent off. */
function slowGuest() {
  const guest = {
    slow: false,
    sentOff: 0,
    leave: () => {},
    isSlow: () => guest.slow,
    sendOff() {
      guest.sentOff++
    },
  }
  return guest satisfies Guest
}

test('a wait that is too long, or a line that is full, is refused, and nothing of it is left', async () => {
  const { gate, last } = gateOf(1, 1)
  const leave = await gate.enter(never)
  const late = gate.enter(never)
  await expect(gate.enter(never)).rejects.toThrow('too many')
  expect(() => gate.refuseWhenFull()).toThrow('too many')
  const told = expect(late).rejects.toThrow('too many')
  await vi.advanceTimersByTimeAsync(1000)
  await told
  expect(last()).toEqual([1, 0])
  leave()
  leave()
  expect(last()).toEqual([0, 0])
  expect(vi.getTimerCount()).toBe(0)
})

test('as many slow guests are sent off as others wait, each once, and also those who become slow later', async () => {
  const { gate, last } = gateOf(2, 4)
  const [one, two] = [slowGuest(), slowGuest()]
  one.leave = await gate.enter(never, one)
  two.leave = await gate.enter(never, two)
  one.slow = two.slow = true
  const waiting = gate.enter(never)
  await vi.advanceTimersByTimeAsync(600)
  expect([one.sentOff, two.sentOff]).toEqual([1, 0])
  two.slow = false
  one.leave()
  const leave = await waiting
  expect(last()).toEqual([2, 0])

  const next = gate.enter(never)
  expect(two.sentOff).toBe(0)
  two.slow = true
  await vi.advanceTimersByTimeAsync(300)
  expect(two.sentOff).toBe(1)
  two.leave()
  ;(await next)()
  leave()
  expect(last()).toEqual([0, 0])
  expect(vi.getTimerCount()).toBe(0)
})

test('a gate that is closed refuses who waits and who would have to, and lets in where there is room', async () => {
  const { gate } = gateOf(1, 2)
  const leave = await gate.enter(never)
  const waiting = gate.enter(never)
  const told = expect(waiting).rejects.toThrow('closing')
  gate.close(new Error('closing'))
  await told
  await expect(gate.enter(never)).rejects.toThrow('closing')
  leave()
  expect(await gate.enter(never)).toBeTypeOf('function')
})

test('a wait ends with its signal, and one that is over does not begin', async () => {
  const { gate, last } = gateOf(1, 2)
  await gate.enter(never)
  const gone = new AbortController()
  const told = expect(gate.enter(gone.signal)).rejects.toThrow('gone')
  gone.abort(new Error('gone'))
  await told
  expect(last()).toEqual([1, 0])
  await expect(gate.enter(gone.signal)).rejects.toThrow('gone')
})
