import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import type { JsonObject, MapperSettings } from '../../src/mapper/types.ts'
import { ecsFaults } from '../datasets/ecs-faults.ts'
import { mapLines, parseRecord } from '../datasets/map-one.ts'
import { linesOf } from '../datasets/random-records.ts'

const RECORDS = 2000

type Settings = Pick<MapperSettings, 'additions' | 'message' | 'keepOriginal'>

const SETTINGS: readonly Settings[] = (['on', 'off'] as const).flatMap(additions =>
  (['raw', 'description'] as const).flatMap(message =>
    [true, false].map(keepOriginal => ({ additions, message, keepOriginal })),
  ),
)

/** Where the line has to be by the settings, and nothing where it has not. */
function expectLine(event: JsonObject, text: string, { message, keepOriginal }: Settings): void {
  const { original } = event.event as JsonObject
  const line = keepOriginal ? text : undefined
  if (message === 'raw') expect([event.message, original]).toEqual([line, undefined])
  else {
    expect(original).toBe(line)
    expect(event.message).toMatch(/^\S/)
  }
}

function expectValid(dataset: string, text: string, settings: Settings): void {
  const record = parseRecord(text)
  const before = JSON.stringify(record)
  const [mapped] = mapLines([{ number: 0, text, record }], dataset, settings)
  const { event } = mapped!
  expect(ecsFaults(event)).toEqual([])
  expectLine(event, text, settings)
  expect(JSON.stringify(record)).toBe(before)
  expect(Object.keys(event)).toEqual(Object.keys(JSON.parse(JSON.stringify(event)) as JsonObject))
}

describe.each(registry.map(({ name }) => name))('%s', dataset => {
  it(`becomes valid ECS from ${RECORDS} random records, with additions, descriptions and the kept line on and off`, () => {
    fc.assert(
      fc.property(linesOf(dataset, 24), text => {
        for (const settings of SETTINGS) expectValid(dataset, text, settings)
      }),
      { numRuns: RECORDS },
    )
  })
})
