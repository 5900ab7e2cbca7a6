import { createElasticsearchSink } from './elasticsearch.ts'
import { createFileSink } from './file.ts'
import { createHttpSink } from './http.ts'
import { createStdoutSink } from './stdout.ts'

/** Every sink: the name in SINKS and what makes it. A sink is added by one line here, its own files, and its settings in make-sink.ts. */
export const sinks = {
  file: createFileSink,
  stdout: createStdoutSink,
  elasticsearch: createElasticsearchSink,
  http: createHttpSink,
} as const
