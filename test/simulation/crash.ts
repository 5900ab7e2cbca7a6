import { type FolderNode, type Node, put, surviving } from './nodes.ts'
import type { Random } from './random.ts'

/**
 * `ordered`: changes of names reach the disk in the order in which they were made, a rename as one (the journal of ext4, XFS, btrfs).
 * `hostile`: any subset of them does, each folder by itself, so that a rename to another folder can end under both names or none.
 */
export type Order = 'ordered' | 'hostile'

/** The tree as a power loss leaves it. Whoever has an fsync that succeeded finds what it covered. */
export function afterPowerLoss(root: FolderNode, order: Order, committed: number, random: Random): FolderNode {
  const pending = Math.max(0, highestOrder(root) - committed)
  const lastOrder = random.chance(0.5) ? committed + random.below(pending + 1) : Number.POSITIVE_INFINITY
  const keepsNone = order === 'hostile' && random.chance(0.2)
  const seen = new Map<Node, Node>()

  const restored = (node: Node): Node => {
    const known = seen.get(node)
    if (known !== undefined) return known
    if (node.kind === 'file') {
      const content = Buffer.from(surviving(node, random))
      const file: Node = { ...node, data: content, safe: content, changes: [] }
      seen.set(node, file)
      return file
    }
    const names = new Map(node.safe)
    const coins = new Map<number, boolean>()
    for (const { order: each, name, node: to } of node.changes) {
      if (!coins.has(each)) coins.set(each, !keepsNone && random.chance(0.5))
      if (order === 'ordered' ? each <= lastOrder : coins.get(each)) put(names, name, to)
    }
    const mtimeMs = random.chance(0.5) ? node.safeMtimeMs : node.mtimeMs
    const folder: FolderNode = {
      ...node,
      names: new Map(),
      safe: new Map(),
      changes: [],
      mtimeMs,
      safeMtimeMs: mtimeMs,
    }
    seen.set(node, folder)
    for (const [name, to] of names) {
      const made = restored(to)
      folder.names.set(name, made)
      folder.safe.set(name, made)
    }
    return folder
  }
  return restored(root) as FolderNode
}

function highestOrder(folder: FolderNode): number {
  let highest = 0
  for (const { order } of folder.changes) highest = Math.max(highest, order)
  for (const node of folder.names.values()) if (node.kind === 'folder') highest = Math.max(highest, highestOrder(node))
  return highest
}
