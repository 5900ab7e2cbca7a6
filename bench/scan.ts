import { createJoiner } from '../src/scan/joiner.ts'
import { createModule } from '../src/scan/module.ts'
import { createScanner } from '../src/scan/scanner.ts'
import { httpRequestLines } from './records.ts'

/** What the scanner takes for a line of http_requests, beside JSON.parse and JSON.stringify of the same: `node bench/scan.ts`. */
const ROUNDS = 60
const texts = httpRequestLines(1000)
const lines = texts.map(text => new Uint8Array(Buffer.from(text)))
const module = createModule()
const scanner = createScanner(module)
const joiner = createJoiner(module)
const leaf = { slot: 0, constant: undefined, depth: 0, shared: 0, opening: '"line":', names: [0] }
const leaves = joiner.leaves([leaf])
const layout = { vendor: 1, isWhole: true }

/** Median and best of the rounds, of nanoseconds a line. */
function measure(name: string, work: (index: number) => number): void {
  let sum = 0
  const times = Array.from({ length: ROUNDS }, () => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < lines.length; i++) sum += work(i)
    return Number(process.hrtime.bigint() - start) / lines.length
  }).sort((a, b) => a - b)
  if (sum === 0) throw new Error(`${name} did nothing`)
  const [best, median] = [times[0]!, times[ROUNDS / 2]!].map(time => `${Math.round(time)}`.padStart(6))
  process.stdout.write(`${name.padEnd(34)}${median} ns a line, best${best}\n`)
}

function whole(length: number): number {
  joiner.values[0] = joiner.lineAt
  joiner.values[1] = length
  return joiner.join(leaves, layout, 0, 0, 0, 0)
}

const bytes = lines.reduce((sum, line) => sum + line.length, 0) / lines.length
process.stdout.write(`http_requests, ${Math.round(bytes)} bytes a line, median of ${ROUNDS} rounds\n`)
measure('scan', i => scanner.scan(lines[i]!))
measure('copy the line', i => whole(lines[i]!.length))
measure('escape the line', i => whole(-lines[i]!.length))
measure('JSON.parse of its text', i => Object.keys(JSON.parse(texts[i]!)).length)
measure('JSON.stringify of its text', i => JSON.stringify(texts[i]).length)
