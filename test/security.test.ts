import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { settings } from '../src/settings.ts'

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'SECURITY.md'), 'utf8')
const [, section = ''] = text.split('## Who can do what')
const [table = ''] = section.split('\n## ')
const rows = table
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.startsWith('| who |'))
  .map(line => line.split('|').map(cell => cell.trim()))

test('every threat has something that stops it, and tests that are there', () => {
  expect(rows.length).toBeGreaterThan(15)
  for (const [, , wants, stopped, tests = ''] of rows) {
    expect(wants, tests).not.toBe('')
    expect(stopped, tests).not.toBe('')
    const names = [...tests.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    expect(names, stopped).not.toEqual([])
    for (const name of names) expect([name, existsSync(join(root, 'test', `${name}.test.ts`))]).toEqual([name, true])
  }
})

test('every setting that is named there is one', () => {
  const names = [...text.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, name]) => name)
  expect(names.length).toBeGreaterThan(10)
  for (const name of names) expect(Object.keys(settings)).toContain(name)
})

test('the number of direct dependencies is the one that it says', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
  expect(text).toContain(`${Object.keys(dependencies).length} direct dependencies`)
})
