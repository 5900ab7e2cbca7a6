import { describe, expect, it } from 'vitest'
import { parseTimeArgument } from '../../src/lib/time-argument.ts'

const now = Date.UTC(2026, 0, 10, 12)

describe('a time as a person gives it', () => {
  it.each([
    ['2026-01-02', '2026-01-02T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02t03:04:05.5+02:00', '2026-01-02T01:04:05.500Z'],
    ['2026-01-02 03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['90s', '2026-01-10T11:58:30.000Z'],
    ['30m', '2026-01-10T11:30:00.000Z'],
    ['2h', '2026-01-10T10:00:00.000Z'],
    ['7d', '2026-01-03T12:00:00.000Z'],
  ])('%s is %s', (text, time) => {
    expect(new Date(parseTimeArgument(text, now)!).toISOString()).toBe(time)
  })

  it.each([
    '',
    'yesterday',
    '2026',
    '2026-13-01',
    '2026-02-30',
    '2025-02-29',
    '2026-01-02T25:00:00Z',
    '2026-01-02T03:04:05',
    '-2h',
    '2 h',
    '1w',
    '0x1d',
    '999999999d',
    '1969-12-31T23:59:59Z',
    '0000-01-01',
    '9999-12-31T23:59:59-10:00',
  ])('%j is none', text => {
    expect(parseTimeArgument(text, now)).toBeUndefined()
  })
})
