import { type Frame, fileOf, type Step, stepOf } from './steps.ts'

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

/** What V8 writes: times are microseconds of the monotonic clock, as process.hrtime has it. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export interface Span {
  readonly fromMicros: number
  readonly toMicros: number
}

export interface ThreadTimes {
  /** Microseconds by step. */
  readonly steps: ReadonlyMap<Step, number>
  /** Microseconds by function, without those that it calls: `name file:line`. */
  readonly functions: ReadonlyMap<string, number>
  readonly micros: number
}

/** Where a thread was during the span. A sample counts for its innermost function, and that for the first step up the stack that is known. */
export function timesOf(profile: CpuProfile, span: Span): ThreadTimes {
  const places = placesOf(profile)
  const steps = new Map<Step, number>()
  const functions = new Map<string, number>()
  let at = profile.startTime
  let micros = 0
  for (const [index, id] of profile.samples.entries()) {
    at += profile.timeDeltas[index] ?? 0
    const lasts = profile.timeDeltas[index + 1] ?? 0
    const place = places.get(id)
    if (at < span.fromMicros || at >= span.toMicros || place === undefined) continue
    micros += lasts
    steps.set(place.step, (steps.get(place.step) ?? 0) + lasts)
    functions.set(place.label, (functions.get(place.label) ?? 0) + lasts)
  }
  return { steps, functions, micros }
}

interface Place {
  readonly step: Step
  readonly label: string
}

function placesOf({ nodes }: CpuProfile): Map<number, Place> {
  const parents = new Map<number, ProfileNode>()
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node)
  const found = new Map<number, Place>()
  for (const node of nodes) {
    const { name, file, line } = frameOf(node)
    let step: Step | undefined
    for (let up: ProfileNode | undefined = node; up !== undefined && step === undefined; up = parents.get(up.id)) {
      step = stepOf(frameOf(up))
    }
    found.set(node.id, { step: step ?? 'rest', label: file === '' ? name : `${name} ${file}:${line}` })
  }
  return found
}

function frameOf({ callFrame }: ProfileNode): Frame {
  return {
    name: callFrame.functionName || '(anonymous)',
    file: fileOf(callFrame.url),
    line: callFrame.lineNumber + 1,
  }
}
