import type { Result } from '../../bench/report.ts'
import { batchPanel } from './batch-panel.ts'
import { box, element, escaped, words } from './element.ts'
import { machineText } from './machine.ts'
import { MARGIN, WIDTH } from './panel.ts'
import { peerPanel } from './peer-panel.ts'
import type { Peers } from './peers.ts'
import { batchRows, serviceRow } from './rows.ts'

const BETWEEN = 28
const FOOT = 40

/** It has a ground of its own, so that it can be read on any page; both follow what the reader prefers. */
const STYLE = `
text { font: 12px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.strong { font-size: 13px; font-weight: 600 }
.label { font-size: 13px }
.value { font-weight: 600; font-variant-numeric: tabular-nums; paint-order: stroke; stroke: #ffffff; stroke-width: 3px }
.small { fill: #59636e }
.ground { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #d1d9e0 }
.axis { stroke: #818b98 }
.spread { stroke: #1f2328; stroke-width: 1.5 }
.accepted { fill: #ddf4ff; stroke: #0969da }
.delivered { fill: #54a3f0; stroke: #0969da }
.peer { fill: #9198a1; stroke: #59636e }
.reference { fill: none; stroke: #59636e; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .value { stroke: #0d1117 }
  .small { fill: #9198a1 }
  .ground { fill: #0d1117; stroke: #3d444d }
  .grid { stroke: #3d444d }
  .axis { stroke: #656c76 }
  .spread { stroke: #f0f6fc }
  .accepted { fill: #0c2d6b; stroke: #58a6ff }
  .delivered { fill: #1f6feb; stroke: #58a6ff }
  .peer { fill: #656c76; stroke: #9198a1 }
  .reference { stroke: #9198a1 }
}
`

/** An SVG document: throughput by size of batches, and the figures of others below. The same result and peers give the same bytes. */
export function picture(result: Result, peers: Peers): string {
  const panels = [batchPanel(batchRows(result), result.rounds), peerPanel(peers, serviceRow(result))]
  const shapes: string[] = []
  let y = MARGIN
  for (const panel of panels) {
    shapes.push(...panel.draw(y))
    y += panel.height + BETWEEN
  }
  shapes.push(words(MARGIN, y, machineText(result), 'small'))
  const height = y + FOOT - BETWEEN
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${WIDTH} ${height}`,
    width: WIDTH,
    height,
    role: 'img',
    'aria-labelledby': 'title desc',
  }
  const content = [
    element('title', { id: 'title' }, 'Throughput of logpush-intake'),
    element('desc', { id: 'desc' }, escaped(panels.map(({ said }) => said).join(' '))),
    element('style', {}, STYLE),
    box(0.5, 0.5, WIDTH - 1, height - 1, 'ground'),
    ...shapes,
  ]
  return `${element('svg', attributes, '', ...content, '')}\n`
}
