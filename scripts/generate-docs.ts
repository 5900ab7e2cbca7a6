import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { documents } from './docs/documents.ts'

/** Writes docs/datasets: a page for each dataset, the index and the list of all fields. Pages of datasets that are gone are removed. */
const folder = new URL('../docs/datasets/', import.meta.url)
const pages = documents()

mkdirSync(folder, { recursive: true })
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(new URL(name, folder))
for (const [name, text] of pages) writeFileSync(new URL(name, folder), text)
