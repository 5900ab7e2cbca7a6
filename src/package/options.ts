import { isFreeField } from '../mapper/event-id.ts'
import type { MapperSettings } from '../mapper/types.ts'
import { insistNames, shown } from './given.ts'

type Settings = { readonly [N in keyof MapperSettings]?: MapperSettings[N] | undefined }

/** The options of the mapping; what is left out or undefined is as in the service without settings. */
export interface MapperOptions extends Settings {
  /**
   * Fields taken out of a record before mapping and out of the kept line, as the setting DROP_FIELDS: `Cookies`, `RequestHeaders.authorization`.
   * A line that is no record keeps its whole text.
   */
  readonly dropFields?: readonly string[] | undefined
}

const DEFAULTS: Required<MapperOptions> = {
  profile: 'ecs',
  additions: 'auto',
  message: 'raw',
  keepOriginal: true,
  userAgent: 'parse',
  namespace: 'default',
  eventIdField: undefined,
  dropFields: [],
}

/** What an option takes: a sentence's end, and its test. */
type Rule = readonly [takes: string, test: (value: unknown) => boolean]

const oneOf = <const W extends string>(...words: readonly W[]): Rule => [
  `one of ${words.join(', ')}`,
  value => words.includes(value as W),
]

/** As Elasticsearch has it for the namespace of a data stream. */
const NAMESPACE = /^[^\p{Lu}\s\\/*?"<>|,#:-]{1,100}$/u

const RULES: Readonly<Record<keyof MapperOptions, Rule>> = {
  profile: oneOf('ecs', 'raw'),
  additions: oneOf('auto', 'on', 'off'),
  message: oneOf('raw', 'description'),
  keepOriginal: ['true or false', value => typeof value === 'boolean'],
  userAgent: oneOf('parse', 'original'),
  namespace: [
    'the namespace of a data stream: 1 to 100 characters in lower case, without spaces and \\/*?"<>|,#:-',
    value => typeof value === 'string' && NAMESPACE.test(value),
  ],
  eventIdField: [
    'a field that the mapping does not fill, such as labels.intake_id',
    value => typeof value === 'string' && isFreeField(value),
  ],
  dropFields: [
    'an array of field names, none of them empty or with blanks around it',
    value =>
      Array.isArray(value) && value.every(name => typeof name === 'string' && name !== '' && name === name.trim()),
  ],
}

/**
 * @throws TypeError for what is no object
 * @throws RangeError for an option that there is none of, or a value that it does not take: what was to be taken out must not pass
 */
export function checkOptions(options: MapperOptions): MapperSettings & { readonly dropFields: readonly string[] } {
  const names = Object.keys(DEFAULTS) as (keyof MapperOptions)[]
  insistNames('options', options, names)
  // By name, so that what an object inherits counts as well: the getters of a class.
  const given = names.map(name => [name, options[name]] as const).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const [takes, test] = RULES[name]
    if (!test(value)) throw new RangeError(`The option ${name} takes ${takes}; not ${shown(value)}.`)
  }
  return { ...DEFAULTS, ...Object.fromEntries(given) } as ReturnType<typeof checkOptions>
}
