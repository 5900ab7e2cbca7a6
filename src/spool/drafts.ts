import type { createDraft } from './draft.ts'

type OpenDraft = ReturnType<typeof createDraft>

/** The drafts in hand. */
export function createDrafts() {
  const open = new Set<OpenDraft>()
  const idle = Promise.withResolvers<void>()
  let closing = false
  return {
    add(make: (finished: () => void) => OpenDraft) {
      const draft = make(() => {
        open.delete(draft)
        if (open.size === 0 && closing) idle.resolve()
      })
      open.add(draft)
      return draft
    },
    /** Waits for what is being committed, which cannot be discarded any more; discards the rest. */
    async close(): Promise<void> {
      closing = true
      if (open.size === 0) return
      for (const draft of open) void draft.discard()
      await idle.promise
    },
  }
}
