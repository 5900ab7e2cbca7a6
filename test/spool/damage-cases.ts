import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import type { Pool } from '../../src/delivery/pool.ts'
import { filesOf, type Outcome, serve } from './damage-kit.ts'

const MAKE_PIPE = 'mkfifo'
export const AT_A_BYTE = ['flip', 'zero', 'truncate'] as const
export const OF_A_FILE = [
  'gone',
  'empty',
  'folder',
  'full folder',
  'fifo',
  'dangling',
  'loop',
  'link',
  'renamed',
  'numbered',
] as const

/** One thing that is wrong in the folder. */
export interface Damage {
  /** Relative to the folder. */
  readonly path: string
  readonly kind: (typeof AT_A_BYTE)[number] | (typeof OF_A_FILE)[number]
  readonly position: number
}

/**
 * Every byte of every file, flipped, zeroed and the file cut off there; and each file replaced as a whole.
 *
 * @param every only each so manieth byte
 */
export async function allDamages(template: string, every = 1): Promise<Damage[]> {
  const damages: Damage[] = []
  for (const absolute of (await filesOf(template)).sort()) {
    const path = relative(template, absolute)
    // A different one in each file, so that a sample is not always of the same part.
    for (let position = damages.length % every; position < statSync(absolute).size; position += every)
      for (const kind of AT_A_BYTE) damages.push({ path, kind, position })
    for (const kind of OF_A_FILE) damages.push({ path, kind, position: 0 })
  }
  return damages
}

/** Names that the service makes or looks for, in whose place something else lies. */
export const PLACES = [
  'control',
  'control.new',
  'lock.99999-0123456789abcdef',
  'lock.99999-0123456789abcdef.new',
  'file-sink/file-sink.journal.new',
  'spool/v1/incoming/0000000000000000.part',
  'spool/v1/receipts/store/1795574998629001.1795574997658.-.2.161.20260101T000000Z.QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE.lines.ndjson.gz',
  'spool/v1/kept/1795574998629001.1795574997658.-.2.161.20260101T000000Z.QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE.lines.ndjson.gz',
  'spool/v1/batches/1795574998629001.1795574997658.-.2.161.20260101T000000Z.QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE.lines.ndjson.gz',
  'dead-letters/store/2026-01-01.ndjson.keep',
  'dead-letters/file/2026-01-01.ndjson',
  'dead-letters/file/2026-01-01.ndjson.0001.dns_logs.taken',
  'events/dns_logs/20200101T000000Z-000001.ndjson',
  'events/dns_logs/20200101T000000Z-000001.gz-part',
] as const
export const PLANTED = ['empty', 'folder', 'full folder', 'fifo', 'dangling', 'loop', 'link'] as const

export const plantings = (): Damage[] =>
  PLACES.flatMap(path => PLANTED.map((kind): Damage => ({ path, kind, position: 0 })))

export interface DamagedOutcome extends Outcome {
  /** What the file behind a link holds afterwards; undefined where there is none. */
  readonly foreign: string | undefined
}

/** Does the damage to a copy of the folder and starts on it. */
export async function serveDamaged(template: string, damage: Damage, pool: Pool): Promise<DamagedOutcome> {
  const root = await mkdtemp(join(tmpdir(), 'damaged-'))
  const dir = join(root, 'data')
  try {
    cpSync(template, dir, { recursive: true })
    inflict(dir, damage)
    const outcome = await serve(dir, pool)
    if (damage.kind === 'fifo') freeFifos(dir)
    return { ...outcome, foreign: damage.kind === 'link' ? readFileSync(join(root, 'foreign'), 'utf8') : undefined }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** What lies behind a link; nobody has to read it, and nobody may write to it. */
export const FOREIGN = 'of somebody else\n'

function inflict(dir: string, { path: place, kind, position }: Damage): void {
  const path = join(dir, place)
  const name = basename(path)
  mkdirSync(dirname(path), { recursive: true })
  if (kind === 'flip' || kind === 'zero') {
    const bytes = readFileSync(path)
    bytes[position] = kind === 'zero' ? 0 : bytes[position]! ^ (1 << (position % 8))
    writeFileSync(path, bytes)
  } else if (kind === 'truncate') truncateSync(path, position)
  else if (kind === 'renamed') renameSync(path, join(dirname(path), `x${name}`))
  else if (kind === 'numbered')
    renameSync(
      path,
      join(
        dirname(path),
        name.replace(/\d/, digit => `${9 - Number(digit)}`),
      ),
    )
  else replace(dir, path, kind)
}

function replace(dir: string, path: string, kind: Damage['kind']): void {
  rmSync(path, { force: true, recursive: true })
  if (kind === 'empty') writeFileSync(path, '')
  if (kind === 'folder' || kind === 'full folder') mkdirSync(path)
  if (kind === 'full folder') writeFileSync(join(path, 'something'), 'else')
  if (kind === 'fifo') execFileSync(MAKE_PIPE, [path])
  if (kind === 'dangling') symlinkSync(join(path, '../nothing'), path)
  if (kind === 'loop') symlinkSync(basename(path), path)
  if (kind !== 'link') return
  writeFileSync(join(dir, '../foreign'), FOREIGN)
  symlinkSync(join(dir, '../foreign'), path)
}

/** Whoever waits for the other end of one gets it, so that a hang is one failed case and not the end of all. */
function freeFifos(dir: string): void {
  const found = execFileSync('find', [dir, '-type', 'p']).toString().split('\n').filter(Boolean)
  for (const path of found) closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK))
}
