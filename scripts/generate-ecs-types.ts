import { writeFileSync } from 'node:fs'
import ecs from '@elastic/ecs'
import { eventFields } from '../src/templates/event-fields.ts'

/**
 * Writes src/templates/ecs-types.json: what ECS says of the type of each field that an event may have. Of a field with parts
 * (email.attachments) all parts are there.
 */
interface Field {
  readonly type: string
  readonly ignore_above?: number
  readonly index?: boolean
  readonly multi_fields?: readonly { readonly name: string; readonly type: string }[]
}

const fields: Readonly<Record<string, Field>> = ecs.EcsFlat

/** ECS has multi-fields of one form only: the text of a keyword, for full-text search. */
function textOf(name: string, parts: NonNullable<Field['multi_fields']>) {
  if (parts.length !== 1 || parts[0]!.name !== 'text' || parts[0]!.type !== 'match_only_text') {
    throw new Error(`The multi-fields of ${name} are not known here`)
  }
  return { text: true }
}

function typeOf(name: string) {
  const { type, ignore_above, index, multi_fields } = fields[name]!
  return {
    type,
    ...(ignore_above !== undefined && { ignoreAbove: ignore_above }),
    ...(index === false && { index }),
    ...(multi_fields && textOf(name, multi_fields)),
  }
}

const names = eventFields().flatMap(name => {
  if (fields[name] === undefined) throw new Error(`${name} is no field of ECS`)
  return [name, ...Object.keys(fields).filter(other => other.startsWith(`${name}.`))]
})
const pretty = (value: object) =>
  JSON.stringify(value)
    .replaceAll(/([{,:])/g, '$1 ')
    .replaceAll('}', ' }')
const lines = [...new Set(names)].sort().map(name => `  ${JSON.stringify(name)}: ${pretty(typeOf(name))}`)
writeFileSync(new URL('../src/templates/ecs-types.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`)
