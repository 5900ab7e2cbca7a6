import { createFileSink } from './file.ts'
import { createStdoutSink } from './stdout.ts'

/** Every sink: the name in SINKS and what makes it. A sink is added by one line here and its own files. */
export const sinks = {
  file: createFileSink,
  stdout: createStdoutSink,
} as const
