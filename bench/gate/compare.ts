/** What a release was measured at, free of the machine: times are divided by the yardstick's of the same run. */
export interface Measured {
  /** Time of inflate, decode, map and encode by that of the yardstick, by family of datasets. Less is faster. */
  readonly ratios: Readonly<Record<string, number>>
  /** Records that the whole service delivers in the time that the yardstick takes for one. More is faster. */
  readonly service: number
}

export interface Verdict {
  readonly name: string
  readonly released: number | undefined
  readonly now: number | undefined
  /** Speed now by speed then, less 1: -0.1 is a tenth slower. undefined where one of them is missing. */
  readonly change: number | undefined
  /** Slower by the limit or more, or no longer measured. */
  readonly fails: boolean
}

const SERVICE = 'service'

/** @param limit share of the speed that may be lost */
export function compare(released: Measured, now: Measured, limit: number): Verdict[] {
  const names = new Set([...Object.keys(released.ratios), ...Object.keys(now.ratios)])
  const verdict = (name: string, then: number | undefined, is: number | undefined, speed: number): Verdict => {
    const change = then === undefined || is === undefined ? undefined : speed - 1
    return { name, released: then, now: is, change, fails: change === undefined ? is === undefined : change <= -limit }
  }
  return [
    ...[...names].map(name => {
      const [then, is] = [released.ratios[name], now.ratios[name]]
      return verdict(name, then, is, (then ?? 0) / (is ?? 1))
    }),
    verdict(SERVICE, released.service, now.service, now.service / released.service),
  ]
}

export function verdictText({ name, released, now, change, fails }: Verdict): string {
  const number = (value: number | undefined) => (value === undefined ? '-' : value.toFixed(2)).padStart(8)
  const percent = change === undefined ? 'new' : `${change >= 0 ? '+' : ''}${(change * 100).toFixed(1)} %`
  const said = fails && change === undefined ? 'missing' : percent
  return `${name.padEnd(16)}${number(released)}${number(now)}${said.padStart(10)}${fails ? '  slower than allowed' : ''}`
}
