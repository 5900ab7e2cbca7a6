/** JSON.rawJSON and the reviver's third argument are in Node, but not yet in TypeScript's library. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }
type Reviver = (key: string, value: unknown) => unknown

/** A JSON text on many lines, with its numbers digit by digit: nanoseconds do not pass through a float. */
export function pretty(text: string): string {
  const revive = (_key: string, value: unknown, { source }: { source: string }) =>
    typeof value === 'number' ? rawJSON(source) : value
  return JSON.stringify(JSON.parse(text, revive as unknown as Reviver), undefined, 2)
}
