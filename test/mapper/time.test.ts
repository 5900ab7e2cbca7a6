import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_TIME, nanosecondsBetween, type Time, timeOf, timeOfMilliseconds } from '../../src/mapper/time.ts'
import type { Json } from '../../src/mapper/types.ts'

const text = (value: Json) => (timeOf(value) as Time | undefined)?.text

describe('a time as a number', () => {
  it.each([
    [1657233726, '2022-07-07T22:42:06Z'],
    ['1657233726', '2022-07-07T22:42:06Z'],
    [1657233726004, '2022-07-07T22:42:06.004000Z'],
    [1657233726004005, '2022-07-07T22:42:06.004005Z'],
    ['1657233726004005006', '2022-07-07T22:42:06.004005006Z'],
    ['1657233726000000000', '2022-07-07T22:42:06Z'],
    [1669858111.716, '2022-12-01T01:28:31.716000Z'],
    ['1669858111.7160000001', '2022-12-01T01:28:31.716000Z'],
    ['1669858111.123456789', '2022-12-01T01:28:31.123456789Z'],
    [99_999_999_999, undefined],
    [100_000_000_000, '1973-03-03T09:46:40Z'],
    [99_999_999_999_999, undefined],
    [100_000_000_000_000, '1973-03-03T09:46:40Z'],
    ['99999999999999999', undefined],
    ['100000000000000000', '1973-03-03T09:46:40Z'],
    ['9214646399999999999', '2261-12-31T23:59:59.999999999Z'],
    ['9214646400000000000', undefined],
    [31_536_000, '1971-01-01T00:00:00Z'],
    [31_535_999, undefined],
    [1657233726004.5, undefined],
    [-1657233726, undefined],
    [1e21, undefined],
  ])('%s is read as %s', (value, expected) => {
    expect(text(value)).toBe(expected)
  })

  it('keeps every digit of nanoseconds', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 100_000_000_000_000_000n, max: 9_214_646_399_999_999_999n }), nanos => {
        const time = timeOf(String(nanos)) as Time
        expect(BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanos)).toBe(nanos)
        expect(BigInt(Date.parse(`${time.text.slice(0, 19)}Z`) / 1000)).toBe(nanos / 1_000_000_000n)
      }),
    )
  })

  it('is always milliseconds where the field says so', () => {
    expect((timeOfMilliseconds(1_657_233_726) as Time | undefined)?.text).toBeUndefined()
    expect((timeOfMilliseconds(99_999_999_999) as Time).text).toBe('1973-03-03T09:46:39.999000Z')
    expect((timeOfMilliseconds('1657233726004') as Time).text).toBe('2022-07-07T22:42:06.004000Z')
  })
})

describe('a time as text', () => {
  it.each([
    ['2023-02-24T14:52:47Z', '2023-02-24T14:52:47Z'],
    ['2023-02-24T14:52:47.000Z', '2023-02-24T14:52:47.000Z'],
    ['2023-02-24T14:52:47.1Z', '2023-02-24T14:52:47.1Z'],
    ['2023-02-24T14:52:47.1234567891Z', '2023-02-24T14:52:47.123456789Z'],
    ['2023-02-24T14:52:47+09:30', '2023-02-24T05:22:47Z'],
    ['2023-02-24T14:52:47.120-01:00', '2023-02-24T15:52:47.120Z'],
    ['2023-02-24 14:52:47', '2023-02-24T14:52:47Z'],
    ['2023-02-24 14:52:47.5', '2023-02-24T14:52:47.5Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['2023-02-29T00:00:00Z', undefined],
    ['2023-13-01T00:00:00Z', undefined],
    ['2023-01-01T24:00:00Z', undefined],
    ['2023-01-01T00:00:00+99:00', undefined],
    ['1970-12-31T23:59:59Z', undefined],
    ['2262-01-01T00:00:00Z', undefined],
    ['2023-02-24', undefined],
    ['yesterday', undefined],
  ])('%s is read as %s', (value, expected) => {
    expect(text(value)).toBe(expected)
  })
})

describe('no time', () => {
  it.each([[0], ['0'], ['1970-01-01T00:00:00Z'], ['0001-01-01T00:00:00Z'], ['1970-01-01T00:00:00.000Z']])(
    '%s means that there is none',
    value => {
      expect(timeOf(value)).toBe(NO_TIME)
    },
  )

  it('is what any other JSON value gives', () => {
    fc.assert(
      fc.property(fc.oneof(fc.boolean(), fc.constant(null), fc.array(fc.integer()), fc.object()), value => {
        expect(timeOf(value as Json)).toBeUndefined()
      }),
    )
  })
})

describe('the nanoseconds between two times', () => {
  const between = (a: Json, b: Json) => nanosecondsBetween(timeOf(a) as Time, timeOf(b) as Time)

  it('are exact', () => {
    expect(between('1658281671671000001', '1658281702371000000')).toBe(30_699_999_999)
    expect(between('2023-02-24T14:52:47Z', '2023-02-24T14:52:47Z')).toBe(0)
  })
  it('are nothing when the end comes first', () => {
    expect(between('2023-02-24T14:52:48Z', '2023-02-24T14:52:47.9Z')).toBeUndefined()
  })
  it('are a decimal string where a number would round', () => {
    expect(between('2000-01-01T00:00:00Z', '2001-01-01T00:00:00.000000001Z')).toBe('31622400000000001')
  })
})
