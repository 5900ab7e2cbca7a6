import { describe, expect, it } from 'vitest'
import { imbalances, readingOf } from '../../bench/soak/ledger-check.ts'
import { type AllSent, countArrival, findLine, noteSent, type Sent } from '../../bench/soak/sent.ts'
import { weigh } from '../../bench/soak/verdict.ts'

const SINKS = ['file', 'elasticsearch', 'http'] as const

describe('the judge of the soak', () => {
  const all: AllSent = new Map()
  const sent = (id: string, { dropped = false, lives = [1] }: { dropped?: boolean; lives?: number[] } = {}): Sent => {
    all.clear()
    const body = noteSent(all, id, 2, dropped)
    for (const life of lives) body.lives.add(life)
    body.acknowledgedBy = lives.at(-1)
    return body
  }
  const arrive = (body: Sent, ...sinks: (typeof SINKS)[number][]) => {
    for (const sink of sinks) for (const line of [0, 1]) countArrival({ sent: body, line }, sink)
  }
  const good = {
    lost: { file: 0, elasticsearch: 0, http: 0 },
    surplus: { file: 0, elasticsearch: 0 },
    partial: 0,
    undropped: 0,
  }

  it('finds nothing wrong where each line came once to each sink, and more often to one that knows no ids', () => {
    arrive(sent('0-0-0'), ...SINKS, 'http')
    expect(weigh(all)).toMatchObject({ ...good, acknowledgedBatches: 1, acknowledgedLines: 2, repeatedToHttp: 2 })
  })

  it('counts what is neither delivered nor a dead letter as lost, by sink', () => {
    const body = sent('0-0-0')
    arrive(body, 'file')
    body.dead.http.add(1)
    expect(weigh(all)).toMatchObject({ ...good, lost: { file: 0, elasticsearch: 2, http: 1 } })
  })

  it('counts lines that are in files more often than lives can have stored the body, and bodies in part', () => {
    const body = sent('0-0-0', { lives: [1, 2] })
    arrive(body, ...SINKS, 'file')
    expect(weigh(all)).toMatchObject(good)
    countArrival({ sent: body, line: 0 }, 'file')
    expect(weigh(all)).toMatchObject({ ...good, surplus: { file: 1, elasticsearch: 0 }, partial: 1 })
  })

  it('counts a line that two documents hold, however often it was sent', () => {
    arrive(sent('0-0-0', { lives: [1, 2, 3] }), ...SINKS, 'elasticsearch')
    expect(weigh(all)).toMatchObject({ ...good, surplus: { file: 0, elasticsearch: 2 } })
  })

  it('counts lines of a dropped dataset that came to a sink', () => {
    arrive(sent('0-0-0', { dropped: true }), 'http')
    expect(weigh(all)).toMatchObject({ ...good, undropped: 2 })
  })

  it('knows a line by its mark, and no other', () => {
    const body = sent('3-14-1')
    expect(findLine(all, '{"name":"t-3-14-1-1-.example.com"}')).toEqual({ sent: body, line: 1 })
    expect(findLine(all, '{"name":"t-3-14-1-2-.example.com"}')).toBeUndefined()
    expect(findLine(all, '{"name":"t-3-14-2-0-.example.com"}')).toBeUndefined()
  })
})

describe('the books of the soak', () => {
  const metrics = (pending: number) =>
    [
      'intake_received_lines_total{dataset="undeclared"} 10',
      'intake_received_lines_total{dataset="dns_logs"} 5',
      ...SINKS.flatMap(sink => [
        `intake_recovered_lines_total{sink="${sink}"} 3`,
        `intake_redriven_lines_total{sink="${sink}"} 2`,
        `intake_events_total{sink="${sink}",outcome="delivered"} 11`,
        `intake_events_total{sink="${sink}",outcome="filtered"} 1`,
        `intake_events_total{sink="${sink}",outcome="dead_lettered"} 1`,
        `intake_pending_lines{sink="${sink}"} ${sink === 'http' ? pending : 7}`,
      ]),
    ].join('\n')

  it('balance where as much came as went and waits', () => {
    expect(imbalances(readingOf(metrics(7)))).toEqual([])
  })

  it('do not balance where a line is missing at one sink', () => {
    const [first, ...others] = imbalances(readingOf(metrics(6)))
    expect(first).toMatch(/^The books of http do not balance/)
    expect(others).toEqual([])
  })
})
