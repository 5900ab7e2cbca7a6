import { words } from './element.ts'

/** The picture's width and the margin at both sides, in px. */
export const WIDTH = 880
export const MARGIN = 24

/** One chart of the picture. `draw` puts its top edge at `y`. */
export interface Panel {
  readonly height: number
  /** The same in words, for who does not see it. */
  readonly said: string
  draw(y: number): readonly string[]
}

/** In place of a panel whose family is not part of the run. */
export function absentPanel(title: string, family: string): Panel {
  const said = `This run has no such rows: npm run bench -- --only ${family}`
  return {
    height: 56,
    said: `${title}. ${said}`,
    draw: y => [words(MARGIN, y + 20, title, 'title'), words(MARGIN, y + 46, said, 'small')],
  }
}
