import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

interface Locked {
  readonly license?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
}

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>
}
const production = Object.entries(packages).filter(
  ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
)

/** Permissive: they ask for a notice, and may be part of what has the Apache licence. */
const ALLOWED = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', '0BSD']

test('every package that is delivered has a licence which allows that', () => {
  expect(production.length).toBeGreaterThan(50)
  const others = production.filter(([, { license }]) => !ALLOWED.includes(license ?? 'none'))
  expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([])
})

test('the licence in the lock file is the one that the package itself names', () => {
  for (const [path, { license }] of production) {
    const own = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as { license?: string }
    expect([path, own.license]).toEqual([path, license])
  }
})

test('every package comes from a registry, with the sum of what was reviewed', () => {
  for (const [path, locked] of Object.entries(packages)) {
    if (path === '' || 'link' in locked) continue
    expect(locked, path).toMatchObject({ integrity: expect.stringMatching(/^sha512-/) })
  }
})

test('no package that is delivered runs a script when it is installed', () => {
  const scripts = production.filter(([, locked]) => 'hasInstallScript' in locked)
  expect(scripts.map(([path]) => path)).toEqual([])
})
