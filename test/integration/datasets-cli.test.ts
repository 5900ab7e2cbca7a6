import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import type { JsonObject } from '../../src/mapper/types.ts'
import { ecsFaults } from '../datasets/ecs-faults.ts'
import { goldenFiles } from '../golden/golden.ts'

const main = join(import.meta.dirname, '../../src/main.ts')

/** The golden line with most fields of each dataset. */
const LINES = registry.map(({ name }) => {
  const lines = goldenFiles().filter(file => file.dataset === name)
  const sizes = lines.map(({ golden }) => Object.keys(JSON.parse(golden.line) as JsonObject).length)
  return { name, line: lines[sizes.indexOf(Math.max(...sizes))]!.golden.line }
})

function run(command: string, env: Readonly<Record<string, string>> = {}): JsonObject[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, command], {
    input: LINES.map(({ line }) => `${line}\n`).join(''),
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
    timeout: 60_000,
  })
  expect(status, stderr).toBe(0)
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as JsonObject)
}

it(`detect finds the datasets of one golden record of each of the ${LINES.length}, none being given`, () => {
  expect(run('detect').map(({ dataset }) => dataset)).toEqual(LINES.map(({ name }) => name))
})

it.each<[string, Readonly<Record<string, string>>]>([
  ['by the defaults', {}],
  ['without additions', { ADDITIONS: 'off' }],
  ['with descriptions and without the line', { ADDITIONS: 'on', MESSAGE: 'description', KEEP_ORIGINAL: 'false' }],
])(`map makes valid ECS of one golden record of each of the ${LINES.length}, none being given: %s`, (_, env) => {
  const published = new Map(registry.map(({ name, table }) => [name, table.published?.dataset ?? name]))
  const events = run('map', env)
  expect(events.map(event => (event.event as JsonObject).dataset)).toEqual(LINES.map(({ name }) => published.get(name)))
  expect(events.flatMap(ecsFaults)).toEqual([])
})
