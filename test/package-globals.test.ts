import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { goldenFiles } from './golden/golden.ts'

const packageUrl = pathToFileURL(`${import.meta.dirname}/../src/package.ts`)
const GIVEN = ['TextEncoder', 'btoa', 'crypto']

/** Runs where nothing is global but the language itself and what is GIVEN; gives what `script` hands to `done`. */
async function runBare(script: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    `import { readFileSync } from 'node:fs'
    import vm from 'node:vm'
    const lines = JSON.parse(${JSON.stringify(JSON.stringify(goldenFiles().map(file => file.golden.line)))})
    const log = console.log
    const done = result => log(JSON.stringify(result))
    const language = vm.runInNewContext('Object.getOwnPropertyNames(globalThis)')
    for (const name of Object.getOwnPropertyNames(globalThis))
      if (![...language, ...${JSON.stringify(GIVEN)}].includes(name)) delete globalThis[name]
    delete globalThis.console
    const { createMapper, detect } = await import(${JSON.stringify(packageUrl.href)})
    ${script}`,
  ])
  return JSON.parse(stdout)
}

describe('the mapper as a package', () => {
  it(`needs nothing beyond the language but ${GIVEN.join(', ')}: it maps all golden lines, described, with ids, without fields`, async () => {
    const answer = await runBare(`
      const options = { eventIdField: 'labels.id', message: 'description', dropFields: ['Cookies'] }
      const events = [...createMapper(options).mapBatch([...lines, '{"ü":x}'])]
      const globals = Object.getOwnPropertyNames(globalThis).filter(name => !language.includes(name))
      const communities = events.filter(event => event.network?.community_id).length
      const found = lines.filter(line => detect(line).dataset !== undefined).length
      done({ globals, events: events.length - lines.length, communities: communities > 0, found: found > 37 })
    `)
    expect(answer).toEqual({ globals: GIVEN, events: 1, communities: true, found: true })
  })
})
