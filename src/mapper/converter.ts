import type { EcsFields } from './ecs.ts'
import type { Json } from './types.ts'

/** A value that says "there is none" (port 0, country XX): the target is not set and nobody is told. */
export const PLACEHOLDER = Symbol('placeholder')

/** Integers are safe ones. */
export type Passed = 'text' | 'integer' | 'number' | 'boolean'

/**
 * Turns a field's value into a target's value. `undefined` means that the value is unusable: the field stays below `cloudflare`, and unless
 * the value is empty or the converter `quiet`, the event says so. What happens then is written once, in rules.ts. Never throws.
 */
export interface Converter<Out extends Json, Arg extends string = never> {
  /** What it gives, in the words of the generated docs: `IP address`. */
  readonly name: string
  convert(value: Json, a?: Json, b?: Json, c?: Json): Out | undefined | typeof PLACEHOLDER
  /** Fields whose values are given as second and further arguments. */
  readonly args?: readonly Arg[]
  /** Kinds of values that it gives as they are, whatever they are; of texts only such as are not empty. */
  readonly passes?: Passed
  /** A look-up: a value without an answer is nothing to tell about. */
  readonly quiet?: true
  /** Whether the answer tells less than the value, so that the field stays below `cloudflare` too. */
  keeps?(value: Json, out: Json): boolean
}

/** Fills several fields of a set, such as `url.*`: the answer is keyed by the names below the set. */
export interface SetConverter<Prefix extends string> {
  readonly name: string
  readonly prefixes: readonly Prefix[]
  readonly parts: readonly string[]
  split(value: Json): Readonly<Record<string, Json | undefined>> | undefined | typeof PLACEHOLDER
  keeps?(value: Json, out: Readonly<Record<string, Json | undefined>>): boolean
}

/** Fills one or several of the fields that it names; the answer is keyed by their full names. */
export interface NamesConverter<Name extends string> {
  readonly name: string
  readonly names: readonly Name[]
  split(value: Json): { readonly [N in Name]?: Json | undefined } | undefined | typeof PLACEHOLDER
}

type PartOf<Prefix extends string> = {
  [Name in keyof EcsFields]: Name extends `${Prefix}.${infer Part}` ? Part : never
}[keyof EcsFields]

/** Defines a SetConverter whose parts exist in ECS below the prefixes. */
export function defineSet<Prefix extends string>(...prefixes: readonly Prefix[]) {
  return <Part extends PartOf<Prefix>>(
    name: string,
    parts: readonly Part[],
    split: (value: Json) => { readonly [P in Part]?: Json | undefined } | undefined | typeof PLACEHOLDER,
    keeps?: (value: Json, out: Readonly<Record<string, Json | undefined>>) => boolean,
  ): SetConverter<Prefix> => ({
    name,
    prefixes,
    parts,
    split: split as SetConverter<Prefix>['split'],
    ...(keeps && { keeps }),
  })
}

export const always = () => true
