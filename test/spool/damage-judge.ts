import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { batchOf } from '../../src/spool/file-name.ts'
import { AT_A_BYTE, type Damage, type DamagedOutcome, FOREIGN } from './damage-cases.ts'
import { LINE_MARK, type Outcome, SINKS, type SinkName } from './damage-kit.ts'

/** What is allowed of the lines that the damage touches; all others have to arrive as without it. */
interface Allowance {
  touches(mark: string): boolean
  /** True: no line may be missing, though some may come again. */
  readonly onlyTwice?: boolean
  /** True: the batch is either whole or set aside and counted. */
  readonly orSetAside?: boolean
  /** Lines may arrive with other bytes, as nothing guards them. */
  readonly altered?: boolean
}

const NOTHING: Allowance = { touches: () => false }
const ofBatch = (letter: string) => (mark: string) => mark.startsWith(`t-${letter}-`)

/** Everything that is not as it has to be after a start on a damaged folder, a sentence each. */
export function faultsOf(template: string, damage: Damage, base: Outcome, outcome: DamagedOutcome): string[] {
  const allowed = allowanceOf(template, damage)
  const faults: string[] = []
  if (outcome.failure !== undefined) faults.push(outcome.failure)
  if (outcome.foreign !== undefined && outcome.foreign !== FOREIGN) faults.push('The file behind a link was written.')
  let isWhole = true
  for (const sink of SINKS) {
    const marks = new Set([...base.arrived[sink].keys(), ...outcome.arrived[sink].keys()])
    const [was, is] = [base.arrived[sink], outcome.arrived[sink]]
    const lacksTouched = [...was].some(([mark, count]) => allowed.touches(mark) && (is.get(mark) ?? 0) < count)
    for (const mark of marks) {
      const before = was.get(mark) ?? 0
      const after = is.get(mark) ?? 0
      if (after === before) continue
      // The damaged byte may lie in the mark, and make it another line's.
      if (allowed.altered && (before === 0 || (lacksTouched && after === before + 1))) continue
      if (!allowed.touches(mark)) faults.push(said(sink, mark, before, after))
      else if (after < before) isWhole = false
      if (allowed.touches(mark) && allowed.onlyTwice && after < before) faults.push(said(sink, mark, before, after))
    }
  }
  if (allowed.orSetAside && !isWhole && outcome.setAside !== 1)
    faults.push(`The batch is not whole, and ${outcome.setAside} were set aside.`)
  return faults
}

const said = (sink: SinkName, mark: string, before: number, after: number): string =>
  `${mark} came ${after} times to ${sink}, not ${before}.`

function allowanceOf(template: string, damage: Damage): Allowance {
  const { path, kind } = damage
  const isOfByte = (AT_A_BYTE as readonly string[]).includes(kind)
  const [top = '', , folder = ''] = path.split('/')
  if (top === 'file-sink') return { touches: ofBatch('B'), onlyTwice: true }
  if (top === 'events') return { touches: touchedEvents(template, damage), altered: isOfByte }
  // As long as there is one, what was taken from the file is in it as well.
  if (path.endsWith('.keep')) return { touches: ofBatch('I') }
  if (path.endsWith('.taken')) return { touches: ofBatch('I'), altered: isOfByte }
  const letter = letterOf(path)
  if (letter === undefined || folder === 'kept') return NOTHING
  if (folder === 'receipts') return { touches: ofBatch(letter), onlyTwice: true }
  // A batch with another number is another batch.
  if (kind === 'numbered') return { touches: ofBatch(letter), onlyTwice: true }
  const isGuarded = path.endsWith('.gz') || kind === 'truncate'
  if (isOfByte && !isGuarded) return { touches: ofBatch(letter), altered: true }
  return { touches: ofBatch(letter), orSetAside: kind !== 'gone', altered: false }
}

function letterOf(path: string): string | undefined {
  const batch = batchOf(path.slice(path.lastIndexOf('/') + 1))
  if (batch === undefined) return undefined
  return batch.again === undefined ? String.fromCharCode(batch.batchId[0]!) : 'H'
}

/** The events that the byte is of, or that were behind it; of what is replaced as a whole all that it held. */
function touchedEvents(template: string, { path, kind, position }: Damage): (mark: string) => boolean {
  if (!existsSync(join(template, path))) return () => false
  const text = readFileSync(join(template, path), 'latin1')
  const marks = new Set<string>()
  let start = 0
  for (const line of text.split('\n').slice(0, -1)) {
    const end = start + line.length + 1
    const isTouched = kind === 'flip' || kind === 'zero' ? start <= position + 1 && position < end : end > position
    if (isTouched) marks.add(LINE_MARK.exec(line)![0])
    start = end
  }
  // Where the end of a line is hit two events become one, and of the batch waiting behind it one may come again.
  const batches = new Set([...marks].map(mark => mark.slice(0, 't-A-'.length)))
  return mark => (kind === 'truncate' ? marks.has(mark) : batches.has(mark.slice(0, 't-A-'.length)))
}
