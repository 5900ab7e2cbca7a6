import { access, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { hasCode } from '../../src/lib/error-code.ts'
import { SINKS, type SinkName } from './ledger-check.ts'
import { type AllSent, countArrival, findLine } from './sent.ts'

/** What is found in files that should not be there. */
export interface FileFaults {
  torn: number
  strangers: number
}

/** Reads what the file sink wrote. Finished files are removed once they are counted, so that the disk stays free. */
export interface FileJudge extends FileFaults {
  readonly lines: number
  /** While the service runs: the finished files. */
  collect(): Promise<void>
  /** When it has stopped: all that is left. */
  finish(): Promise<void>
}

export function createFileJudge(eventsDir: string, all: AllSent): FileJudge {
  const counted = new Set<string>()
  const judge = { torn: 0, strangers: 0, lines: 0 }

  const count = (content: Buffer) => {
    const lines = content.toString().split('\n')
    if (lines.pop() !== '') judge.torn += 1
    for (const line of lines) {
      judge.lines += 1
      const found = isEvent(line) ? findLine(all, line) : undefined
      if (found !== undefined) countArrival(found, 'file')
      else if (isEvent(line)) judge.strangers += 1
      else judge.torn += 1
    }
  }

  const take = async (path: string) => {
    if (counted.has(path)) return
    const content = await readFile(path)
    counted.add(path)
    count(path.endsWith('.gz') ? gunzipSync(content) : content)
  }

  return Object.assign(judge, {
    async collect() {
      // While the folder is not there, as in an outage of the file sink, there is nothing to do.
      for (const path of await filesOf(eventsDir).catch(() => [])) {
        if (!path.endsWith('.ndjson.gz') || (await isThere(path.slice(0, -'.gz'.length)))) continue
        try {
          await take(path)
          await rm(path, { force: true })
        } catch (error) {
          if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error
        }
      }
    },
    async finish() {
      for (const path of await filesOf(eventsDir)) {
        if (/-\d{6}\.ndjson(\.gz)?$/.test(path)) await take(path)
        else judge.strangers += 1
      }
    },
  })
}

/** Marks the lines that are dead letters at the end; answers with rows that are not of a line that was sent. */
export async function readDeadLetters(dataDir: string, all: AllSent): Promise<number> {
  let strangers = 0
  for (const sink of SINKS) {
    for (const path of await filesOf(join(dataDir, 'dead-letters', sink)).catch(() => [])) {
      for (const row of (await readFile(path, 'utf8')).split('\n').slice(0, -1)) {
        const found = findLine(all, String((JSON.parse(row) as { original?: string }).original))
        if (found === undefined) strangers += 1
        else found.sent.dead[sink satisfies SinkName].add(found.line)
      }
    }
  }
  return strangers
}

async function filesOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

function isEvent(line: string): boolean {
  try {
    return typeof JSON.parse(line)['@timestamp'] === 'string'
  } catch {
    return false
  }
}
