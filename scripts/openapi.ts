/** Writes openapi.yaml from the routes; with --check only tells by the exit code whether the file is current. */
import { readFile, writeFile } from 'node:fs/promises'
import { openapiYaml } from '../src/http/openapi.ts'

const file = new URL('../openapi.yaml', import.meta.url)
const wanted = await openapiYaml()

if (process.argv.includes('--check')) {
  const found = await readFile(file, 'utf8').catch(() => '')
  if (found !== wanted) {
    process.stderr.write('openapi.yaml differs from the routes: run node scripts/openapi.ts.\n')
    process.exitCode = 1
  }
} else {
  await writeFile(file, wanted)
}
