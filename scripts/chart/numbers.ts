/** 61,300 */
export const whole = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 0 })

/** Three digits that count, for the eye: 61,283 becomes 61,300. */
export const rounded = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 3 })

/** Even steps from 0 to the first one that is not below `most`: four to eight of them. */
export function ticksTo(most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(Math.max(most, 1)))
  const step = [0.2, 0.25, 0.5, 1, 2].map(part => part * power).find(step => most / step <= 7)!
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step)
}
