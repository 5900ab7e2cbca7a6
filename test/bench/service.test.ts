import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { NODE_FLAGS } from '../../bench/service.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

it('is started by npm, in the image and to be measured with the same flags', () => {
  const { start } = JSON.parse(read('package.json')).scripts
  expect(start.match(/ --[^ )]+/g).map((flag: string) => flag.trim())).toEqual([...NODE_FLAGS, '--env-file=.env'])
  const [command] = read('Dockerfile').match(/^CMD .*$/m)!
  expect(JSON.parse(command.slice(4))).toEqual(['node', ...NODE_FLAGS, 'src/main.ts', 'serve'])
})
