import { vi } from 'vitest'

export interface Ended {
  /** As the command line gives it for what was thrown. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in this process, as main.ts does in one of its own, which takes a second each to start. */
export async function runCommand(command: () => Promise<void>): Promise<Ended> {
  const out: string[] = []
  const err: string[] = []
  const keep = (texts: string[]) => (text: string | Uint8Array) => {
    texts.push(typeof text === 'string' ? text : Buffer.from(text).toString())
    return true
  }
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(keep(out)),
    vi.spyOn(process.stderr, 'write').mockImplementation(keep(err)),
  ]
  const codeBefore = process.exitCode
  process.exitCode = undefined
  try {
    await command()
    return { code: Number(process.exitCode ?? 0), stdout: out.join(''), stderr: err.join('') }
  } catch (error) {
    const { name, message } = error as Error
    const code = name === 'UsageError' ? 2 : 1
    return { code, stdout: out.join(''), stderr: `${err.join('')}${message}\n` }
  } finally {
    process.exitCode = codeBefore
    for (const spy of spies) spy.mockRestore()
  }
}
