/** Milliseconds of processor time that this process has used: what waiting for a busy machine does not add to. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
