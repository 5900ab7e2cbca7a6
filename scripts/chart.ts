/** `npm run bench:chart`: docs/benchmarks.json, a run of `npm run bench -- --json`, becomes docs/benchmarks.svg and the tables of docs/benchmarks.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Result } from '../bench/report.ts'
import { filled } from './chart/document.ts'
import { peers } from './chart/peers.ts'
import { picture } from './chart/picture.ts'

const docs = new URL('../docs/', import.meta.url)
const document = new URL('benchmarks.md', docs)

const result = JSON.parse(readFileSync(new URL('benchmarks.json', docs), 'utf8')) as Result
writeFileSync(document, filled(readFileSync(document, 'utf8'), result, peers))
writeFileSync(new URL('benchmarks.svg', docs), picture(result, peers))
