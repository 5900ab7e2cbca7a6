import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import { ecsFaults } from '../datasets/ecs-faults.ts'
import { goldenFiles, goldenOf } from './golden.ts'

const files = goldenFiles()

it('every table has golden files', () => {
  const tables = registry.filter(entry => entry.table.fields.length > 0).map(entry => entry.name)
  expect([...new Set(files.map(file => file.dataset))]).toEqual(tables)
})

describe.each(files.map(file => [file.path.split(/[\\/]/).slice(-2).join('/'), file] as const))(
  '%s',
  (_name, { dataset, golden }) => {
    it('has the events that the line becomes (else: npm run golden)', () => {
      const now = goldenOf(golden.line, dataset)
      expect(now).toEqual(golden)
      expect(JSON.stringify(now)).toBe(JSON.stringify(golden))
    })

    it('has events that are valid in ECS', () => {
      expect(ecsFaults(golden.off)).toEqual([])
      expect(ecsFaults(golden.auto)).toEqual([])
    })
  },
)
