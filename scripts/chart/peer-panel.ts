import { box, line, words } from './element.ts'
import { rounded, whole } from './numbers.ts'
import { MARGIN, type Panel, WIDTH } from './panel.ts'
import type { Peers, Range } from './peers.ts'
import type { ServiceRow } from './rows.ts'

const TITLE = 'The same job on 2 cores: from the POST to the file'
const LEFT = 330
/** Room for a figure behind the longest bar. */
const RIGHT = WIDTH - MARGIN - 116
const TOP = 60
const ROW_HEIGHT = 42
const BAR_HEIGHT = 24

interface Bar {
  readonly name: string
  readonly how: string
  readonly kind: string
  readonly value: number
  readonly range?: Range
  readonly text: string
}

/** Bars: this service in the run, where it has that row, then others, then what is no service. */
export function peerPanel(peers: Peers, ours: ServiceRow | undefined): Panel {
  const bars = barsOf(peers, ours)
  const most = Math.max(...bars.map(({ value, range }) => range?.most ?? value))
  const at = (value: number) => LEFT + (value / most) * (RIGHT - LEFT)
  return {
    height: TOP + bars.length * ROW_HEIGHT + 8,
    said: `${TITLE}, records a second. ${bars.map(({ name, how, text }) => `${name} (${how}): ${text}`).join('; ')}.`,
    draw: y => [
      words(MARGIN, y + 20, TITLE, 'title'),
      words(MARGIN, y + 42, 'records a second; the figures of others are fixed and not of this run', 'small'),
      ...bars.flatMap((bar, i) => row(bar, y + TOP + i * ROW_HEIGHT)),
      line(LEFT, y + TOP, LEFT, y + TOP + bars.length * ROW_HEIGHT, 'axis'),
    ],
  }

  function row({ name, how, kind, value, range, text }: Bar, y: number): string[] {
    const middle = y + ROW_HEIGHT / 2
    const spread = range !== undefined && range.least !== range.most
    return [
      words(LEFT - 12, middle - 2, name, kind === 'delivered' ? 'strong' : 'label', 'end'),
      words(LEFT - 12, middle + 13, how, 'small', 'end'),
      box(LEFT, middle - BAR_HEIGHT / 2, at(value) - LEFT, BAR_HEIGHT, kind),
      ...(spread ? [line(at(range.least), middle, at(range.most), middle, 'spread')] : []),
      words(at(range?.most ?? value) + 8, middle + 4, text, 'value'),
    ]
  }
}

function barsOf({ services, reference }: Peers, ours: ServiceRow | undefined): Bar[] {
  const { least, most } = reference.recordsPerSecond
  return [
    ...(ours === undefined
      ? []
      : [
          {
            name: 'logpush-intake',
            how: 'full ECS, fsync before each 200',
            kind: 'delivered',
            value: ours.delivered.median,
            range: ours.delivered,
            text: rounded(ours.delivered.median),
          },
        ]),
    ...services.map(({ name, how, recordsPerSecond }) => ({
      name,
      how,
      kind: 'peer',
      value: recordsPerSecond,
      text: whole(recordsPerSecond),
    })),
    {
      name: reference.name,
      how: reference.how,
      kind: 'reference',
      value: least,
      range: reference.recordsPerSecond,
      text: `${whole(least)}–${whole(most)}`,
    },
  ]
}
