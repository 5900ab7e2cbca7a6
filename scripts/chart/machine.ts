import type { Result } from '../../bench/report.ts'

/** What a run was taken on and how often, in a sentence without a full stop. */
export function machineText({ machine, rounds }: Result): string {
  const { cores, cpu, memoryGiB, node } = machine
  return `${cores} × ${cpu}, ${memoryGiB} GiB, Node ${node.replace(/^v/, '')}; medians of ${rounds} rounds`
}
