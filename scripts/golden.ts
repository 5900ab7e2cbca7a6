import { writeFileSync } from 'node:fs'
import { descriptionsNow, descriptionsPath } from '../test/golden/descriptions.ts'
import { goldenFiles, goldenOf } from '../test/golden/golden.ts'

/** Writes the events of all golden files anew, from the line in each. `git diff` shows what changed. */
for (const { path, dataset, golden } of goldenFiles()) {
  writeFileSync(path, `${JSON.stringify(goldenOf(golden.line, dataset), undefined, 2)}\n`)
}
writeFileSync(descriptionsPath, `${JSON.stringify(descriptionsNow(), undefined, 2)}\n`)
