/** One body that was sent: unique, so that each of its lines may be in the files once at most. */
export interface Attempt {
  readonly lines: number
  /** How many requests carried it. */
  sends: number
  acknowledged: boolean
  /** How often each line was found in the files. */
  readonly found: Uint8Array
  /** How many documents hold each line. */
  readonly documents: Uint8Array
}

/** Every attempt of the run, by the id that its lines carry. */
export type Attempts = Map<string, Attempt>

/** In every record, and so in every event: `t-<writer>-<batch>-<attempt>-<line>-`. */
export const LINE_ID = /t-(\d+-\d+-\d+)-(\d+)-/

export function noteAttempt(attempts: Attempts, id: string, lines: number): Attempt {
  const attempt = {
    lines,
    sends: 0,
    acknowledged: false,
    found: new Uint8Array(lines),
    documents: new Uint8Array(lines),
  }
  attempts.set(id, attempt)
  return attempt
}

/** The attempt that a line is of, and its number there; undefined where nobody sent it. */
export function lineOf(attempts: Attempts, text: string): { attempt: Attempt; number: number } | undefined {
  const [, id = '', digits = ''] = LINE_ID.exec(text) ?? []
  const attempt = attempts.get(id)
  return attempt && Number(digits) < attempt.lines ? { attempt, number: Number(digits) } : undefined
}
