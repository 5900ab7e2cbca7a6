import { createScriptedSink, type Event, type Scene, type Script } from './harness.ts'

export const records = (count: number, more: object = {}) =>
  Array.from({ length: count }, () => ({ text: 'x'.repeat(40), ...more }))
export const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => i + from)
export const lineOf = (event: Event) => event.n

/** Stores batches, drains them into a sink that does as the script says, and waits until nothing is pending. */
export async function deliver(scene: Scene, texts: readonly Buffer[], script?: Script, maxInFlight = 1) {
  const scripted = createScriptedSink('a', script, maxInFlight)
  for (const text of texts) await scene.store(text)
  scene.drain(scripted.sink)
  await scene.idle('a')
  return scripted
}

/** Rejects one event. */
export const refuse =
  (line: number): Script =>
  piece => {
    const index = piece.lines.indexOf(line)
    return index < 0 ? undefined : { retry: [], rejected: [{ index, reason: 'mapping', detail: 'no' }] }
  }
