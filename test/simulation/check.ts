import type { Model } from './model.ts'
import { eventFiles } from './vanished.ts'

const LAYOUT = [
  /^\/data\/spool\/v1\/incoming\/\d{16}\.part$/,
  /^\/data\/spool\/v1\/(batches|kept|damaged)\/\d{16}\.[^/]+$/,
  /^\/data\/spool\/v1\/receipts\/(file|other)\/\d{16}\.[^/]+$/,
  /^\/data\/state\/file-sink\.journal(\.new)?$/,
  /^\/data\/events\/[ab]\/\d{8}T\d{6}Z-\d{6}\.(ndjson|ndjson\.gz|gz-part)$/,
]

/** Each event is, or was until its file's time had come, in the files as often as was promised. */
function checkEvents(files: Map<string, Buffer>, newest: Map<string, string>, model: Model): void {
  const counts = new Map<string, number>()
  for (const [path, content] of files) {
    const dataset = path.split('/')[3]!
    const lines = content.toString().split('\n')
    if (lines.pop() !== '' && newest.get(dataset) !== path)
      throw new Error(`${path} is finished and ends in a torn line`)
    for (const line of lines) {
      let event: { name: string; index: number }
      try {
        event = JSON.parse(line)
      } catch {
        throw new Error(`${path} holds a torn line: ${line.slice(0, 40)}`)
      }
      const key = `${event.name} ${dataset} ${event.index}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
      const known = model.batches.get(event.name)
      if (known === undefined) throw new Error(`${path} holds an event of ${event.name}, which was never stored`)
      if (counts.get(key)! > 1 && !known.mayRepeat) throw new Error(`the event ${key} is twice in the files`)
    }
  }
  for (const [name, { written }] of model.batches)
    for (const [dataset, count] of written)
      for (let index = 0; index < count; index++)
        if (!counts.has(`${name} ${dataset} ${index}`)) throw new Error(`the event ${name} ${dataset} ${index} is lost`)
}

/**
 * All of the disk is of the layout, and what the files hold is what was promised.
 *
 * @param all adds the event files that were deleted
 */
export function checkFolders(
  tree: Map<string, Buffer>,
  model: Model,
  all: (found: Map<string, Buffer>) => Map<string, Buffer>,
): void {
  for (const path of tree.keys())
    if (!LAYOUT.some(each => each.test(path))) throw new Error(`${path} is not of the layout`)
  const found = eventFiles(tree)
  const newest = new Map<string, string>()
  for (const path of [...found.keys()].sort()) newest.set(path.split('/')[3]!, path)
  checkEvents(all(found), newest, model)
}
