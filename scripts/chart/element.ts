/** Pieces of SVG. */

type Attributes = Readonly<Record<string, string | number>>

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export const escaped = (text: string) => text.replaceAll(/[&<>"]/g, char => ENTITIES[char]!)

/** Children are SVG already; numbers are written with at most one decimal place. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${attributeText(value)}"`)
  const head = `<${name}${pairs.join('')}`
  return children.length === 0 ? `${head}/>` : `${head}>${children.join('\n')}</${name}>`
}

const attributeText = (value: string | number) =>
  typeof value === 'number' ? `${Number(value.toFixed(1))}` : escaped(value)

/** Text whose anchor is `start`, `middle` or `end`; `kind` is a class of the picture's style. */
export function words(x: number, y: number, text: string, kind: string, anchor = 'start'): string {
  return element('text', { x, y, class: kind, 'text-anchor': anchor }, escaped(text))
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return element('line', { x1, y1, x2, y2, class: kind })
}

export function box(x: number, y: number, width: number, height: number, kind: string): string {
  return element('rect', { x, y, width, height, class: kind })
}
