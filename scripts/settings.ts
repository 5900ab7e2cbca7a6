/** Writes the table of settings into README.md, between its two marks. */
import { readFileSync, writeFileSync } from 'node:fs'
import { settingsTable } from '../src/settings.ts'

const file = new URL('../README.md', import.meta.url)
const readme = readFileSync(file, 'utf8')
const marks = /(<!-- settings -->\n)[\s\S]*(<!-- \/settings -->)/
if (!marks.test(readme)) throw new Error('README.md has lost its marks <!-- settings --> and <!-- /settings -->.')
writeFileSync(
  file,
  readme.replace(marks, (_, head: string, tail: string) => `${head}\n${settingsTable()}\n\n${tail}`),
)
process.stdout.write(`${settingsTable()}\n`)
