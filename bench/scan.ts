import { createScanner, NESTED, STRING } from '../src/scan/scanner.ts'
import { httpRequestLines } from './records.ts'

/** What the scanner takes for a line of http_requests, beside JSON.parse and JSON.stringify of the same: `node bench/scan.ts`. */
const ROUNDS = 60
const texts = httpRequestLines(1000)
const lines = texts.map(text => new Uint8Array(Buffer.from(text)))
const scanner = createScanner()
const { ops, tokens } = scanner

/** All values of the line, strings without quotes and as the inside of a string. @returns the pairs */
function valueOps(): number {
  const pairs = scanner.count()
  for (let i = 0; i < pairs; i++) {
    const start = tokens[3 * i]!
    const end = tokens[3 * i + 1]!
    const kind = tokens[3 * i + 2]!
    const inside = kind === STRING || kind === NESTED
    ops[2 * i] = scanner.lineAt + start
    ops[2 * i + 1] = inside ? start - end : end - start
  }
  return pairs
}

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
  ops[0] = scanner.lineAt
  ops[1] = length
  return scanner.gather(1)
}

const bytes = lines.reduce((sum, line) => sum + line.length, 0) / lines.length
process.stdout.write(`http_requests, ${Math.round(bytes)} bytes a line, median of ${ROUNDS} rounds\n`)
measure('scan', i => scanner.scan(lines[i]!))
measure('copy the line', i => whole(lines[i]!.length))
measure('escape the line', i => whole(-lines[i]!.length))
measure('scan, gather all values', i => {
  scanner.scan(lines[i]!)
  return scanner.gather(valueOps())
})
measure('JSON.parse of its text', i => Object.keys(JSON.parse(texts[i]!)).length)
measure('JSON.stringify of its text', i => JSON.stringify(texts[i]).length)
