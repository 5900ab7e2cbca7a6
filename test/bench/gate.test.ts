import { describe, expect, it } from 'vitest'
import { compare, type Measured, verdictText } from '../../bench/gate/compare.ts'
import { meanOf } from '../../bench/rows/mapping.ts'
import type { Comparison } from '../../bench/yardstick.ts'

const released: Measured = { ratios: { http_requests: 0.6, dns: 0.8 }, service: 2 }
const failing = (now: Measured) => compare(released, now, 0.1).flatMap(({ name, fails }) => (fails ? [name] : []))

describe('the gate of the benchmarks', () => {
  it('lets through what is as fast as before, faster, or a little slower', () => {
    expect(failing(released)).toEqual([])
    expect(failing({ ratios: { http_requests: 0.3, dns: 0.86 }, service: 1.85 })).toEqual([])
  })

  it('fails a ratio that grew, and a service that delivers less, by a tenth of the speed', () => {
    expect(failing({ ratios: { http_requests: 0.67, dns: 0.8 }, service: 2 })).toEqual(['http_requests'])
    expect(failing({ ratios: { http_requests: 0.6, dns: 0.8 }, service: 1.79 })).toEqual(['service'])
  })

  it('fails what was released with a figure and has none now, and takes what is new', () => {
    expect(failing({ ratios: { http_requests: 0.6, web: 9 }, service: 2 })).toEqual(['dns'])
  })

  it('says how the speed changed', () => {
    const [http, dns, web, service] = compare(
      released,
      { ratios: { http_requests: 0.5, web: 1 }, service: 1 },
      0.1,
    ).map(verdictText)
    expect(http).toMatch(/^http_requests +0\.60 +0\.50 +\+20\.0 %$/)
    expect(dns).toMatch(/^dns +0\.80 +- +missing {2}slower than allowed$/)
    expect(web).toMatch(/^web +- +1\.00 +new$/)
    expect(service).toMatch(/^service +2\.00 +1\.00 +-50\.0 % {2}slower than allowed$/)
  })

  it('weighs the datasets of a family by their time', () => {
    const comparison = (micros: number, ratio: number): Comparison => {
      const figure = (value: number) => ({ median: value, least: value, most: value })
      return {
        yardstick: figure(micros),
        ours: figure(micros * ratio),
        ratio: figure(ratio),
        lineBytes: 0,
        eventBytes: 0,
      }
    }
    expect(meanOf([comparison(1, 4), comparison(3, 0.8)]).ratio.median).toBeCloseTo((4 + 2.4) / 4)
  })
})
