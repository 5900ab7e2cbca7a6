import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { loadConfig } from '../config.ts'
import { registry } from '../datasets/index.ts'
import { createTransform } from '../delivery/transform.ts'
import { StartError, UsageError } from '../errors.ts'
import { hasCode } from '../lib/error-code.ts'
import { InflateError } from '../lib/inflate.ts'
import { uuidsOf } from '../lib/uuid.ts'
import { createMapper } from '../mapper/mapper.ts'
import type { Mapped } from '../mapper/types.ts'
import { mapperSettings } from '../mapping-settings.ts'
import { inputs } from './input.ts'

export interface TransformInputs {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly files: readonly string[]
  readonly dataset: string | undefined
  /** The line to print for an event, without LF; undefined prints nothing. */
  readonly print: (mapped: Mapped, dropped: ReadonlySet<string>) => string | undefined
}

const IDLE_MS = 250

/** Maps all inputs one after the other, each as a batch, prints a line for each event and a summary on standard error. */
export async function transformInputs({ env, files, dataset, print }: TransformInputs): Promise<void> {
  const names = registry.map(entry => entry.name)
  if (dataset !== undefined && !names.includes(dataset)) {
    throw new UsageError(`Unknown dataset ${dataset}. Known datasets: ${names.join(', ')}.`)
  }
  const { config } = loadConfig(env, names)
  const mapper = createMapper(registry, mapperSettings(config))
  const dropped = new Set(config.dropDatasets)
  const out = createOutput()
  const summary = createSummary()

  for await (const input of inputs(files)) {
    const transform = createTransform({
      mapper,
      maxLineBytes: config.maxLineBytes,
      dropFields: config.dropFields,
      context: { dataset, time: receiptTime(), id: uuidsOf(randomBytes(32)) },
      format: 'lines',
      gzip: input.gzip,
      onMapped(mapped) {
        summary.count(mapped)
        const line = print(mapped, dropped)
        if (line !== undefined) out.add(line)
      },
      onStep: () => out.flush(),
    })
    // Who follows a log sees each line soon, not when a hundred have come.
    const idle = setInterval(() => void transform.flush(), IDLE_MS)
    try {
      for await (const bytes of input.bytes) {
        await transform.push(bytes)
        idle.refresh()
      }
      await transform.end()
    } catch (error) {
      await out.flush()
      if (error instanceof InflateError) throw new StartError(`${input.name} is no whole gzip file: ${error.message}.`)
      throw error
    } finally {
      clearInterval(idle)
      transform.destroy()
    }
  }
  await out.flush()
  process.stderr.write(summary.text())
}

/** As the service writes the time of receipt: six digits of a second. */
function receiptTime(): string {
  return new Date().toISOString().replace('Z', '000Z')
}

/** Collects lines and writes them in large pieces, waiting for a slow reader. */
function createOutput() {
  let lines: string[] = []
  // A reader that has seen enough (head) is no failure.
  process.stdout.on('error', error => {
    if (hasCode(error, 'EPIPE')) process.exit(0)
    process.stderr.write(`Standard output cannot be written: ${error.message}.\n`)
    process.exit(1)
  })
  return {
    add: (line: string) => void lines.push(line),
    flush(): Promise<void> | undefined {
      if (lines.length === 0) return undefined
      const text = `${lines.join('\n')}\n`
      lines = []
      return process.stdout.write(text) ? undefined : once(process.stdout, 'drain').then(() => {})
    },
  }
}

function createSummary() {
  const began = performance.now()
  const datasets = new Map<string, number>()
  let lines = 0
  let bad = 0
  return {
    count({ line, dataset }: Mapped) {
      lines++
      if ('bad' in line) bad++
      datasets.set(dataset, (datasets.get(dataset) ?? 0) + 1)
    },
    text() {
      const seconds = (performance.now() - began) / 1000
      const counts = [...datasets].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`)
      const rate = Math.round(lines / Math.max(seconds, 0.001))
      return `${lines} lines, ${bad} bad; ${counts.join(', ') || 'no dataset'}; ${seconds.toFixed(2)} s, ${rate} lines/s\n`
    },
  }
}
