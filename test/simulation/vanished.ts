import { gunzipSync } from 'node:zlib'
import type { Files } from '../../src/lib/files.ts'

/** An event file by its path without the ending. */
const EVENTS = /^(\/data\/events\/[^/]+)\/([^/.]+)\.ndjson(?:\.gz)?$/

/** The event files of a disk, by their paths without the ending. Of a file that is there plain and compressed both hold the same. */
export function eventFiles(tree: ReadonlyMap<string, Buffer>): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  for (const [path, content] of tree) {
    const [, folder, stem] = EVENTS.exec(path) ?? []
    if (stem === undefined) continue
    const key = `${folder}/${stem}`
    const lines = path.endsWith('.gz') ? inflated(path, content) : content
    if (found.get(key)?.equals(lines) === false) throw new Error(`${key} is there twice, and not the same`)
    found.set(key, lines)
  }
  return found
}

function inflated(path: string, content: Buffer): Buffer {
  try {
    return gunzipSync(content)
  } catch (cause) {
    throw new Error(`${path} is not whole`, { cause })
  }
}

/**
 * Event files that the sink deleted when their time had come: what they held was in the files all the same. No name of one comes again, not after
 * a power loss either: before a file can be deleted, the journal's record of its name is fsynced. Only where that fsync failed a name may come
 * again, and then what the file before held still counts.
 */
export function createVanished(tree: () => ReadonlyMap<string, Buffer>, violate: (error: Error) => void) {
  const files = new Map<string, Buffer>()
  let cameAgain = 0
  /** The greatest name in each folder. */
  let last = new Map<string, string>()

  const note = (path: string): void => {
    const [, folder, stem] = EVENTS.exec(path) ?? []
    const now = tree()
    const content = now.get(path)
    if (folder === undefined || stem === undefined || content === undefined || content.length === 0) return
    const other = path.endsWith('.gz') ? path.slice(0, -3) : `${path}.gz`
    if (now.has(other)) return
    files.set(`${folder}/${stem}`, path.endsWith('.gz') ? inflated(path, content) : content)
    if (stem > (last.get(folder) ?? '')) last.set(folder, stem)
  }

  const made = (path: string, flags: string | number): void => {
    const [, folder = '', stem = ''] = EVENTS.exec(path) ?? []
    if (flags !== 'wx') return
    const before = last.get(folder)
    if (before !== undefined && stem <= before)
      violate(new Error(`${path} has a name that is not greater than ${before}, which is gone`))
    const key = `${folder}/${stem}`
    const gone = files.get(key)
    if (gone === undefined) return
    files.delete(key)
    files.set(`${key}, gone ${++cameAgain}`, gone)
  }

  return {
    /** All that there was and is. */
    and: (found: ReadonlyMap<string, Buffer>) => new Map([...files, ...found]),
    /** The sink could not note the names of finished files, and the power went: they may come again. */
    forgetNames: () => {
      last = new Map()
    },
    watch: (calls: Files): Files => ({
      ...calls,
      unlink: path => {
        note(path)
        return calls.unlink(path)
      },
      open: (path, flags, mode) => {
        made(path, flags)
        return calls.open(path, flags, mode)
      },
    }),
  }
}
