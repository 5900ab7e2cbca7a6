import type { Converter, NamesConverter, SetConverter } from './converter.ts'
import type { Template } from './description.ts'
import type { EcsFields, GeoPoint } from './ecs.ts'
import type { Json, JsonObject } from './types.ts'

/**
 * The types of a dataset's table. A table is data: it says which field goes where and by which converter; compile.ts makes a function of
 * it. Rows are applied from top to bottom, the first value set for a target wins, targets that are arrays collect.
 *
 * A field that no rule sets a target from stays below `cloudflare`, under its own name with its own JSON value.
 */

/** A field of the record. */
export type FieldOf<R> = Extract<keyof R, string>
/** A field, or a key below it (`Metadata.Request.name`; items of an array by number). Keys match without regard to case. */
export type PathOf<R> = FieldOf<R> | `${FieldOf<R>}.${string}`

type EcsName = keyof EcsFields
type Vendor = `cloudflare.${string}`
type ValueOf<Name extends EcsName> = EcsFields[Name] extends readonly (infer Item)[] ? Item | Item[] : EcsFields[Name]

/** The ECS fields that can hold a value of this type. */
type TargetOf<Out> = { [Name in EcsName]: [Out] extends [ValueOf<Name>] ? Name : never }[EcsName] | Vendor

/** One field, or several: the first that converts. */
type Sources<R> = PathOf<R> | readonly PathOf<R>[]
type OneOrMore<T> = T | readonly T[]

type ValueRule<R, Out extends Json> = readonly [
  from: Sources<R>,
  to: OneOrMore<TargetOf<Out>>,
  by: Converter<Out, FieldOf<R>>,
]
type SetRule<R, Prefix extends string> = readonly [from: Sources<R>, to: `${Prefix}.*`, by: SetConverter<Prefix>]
type NamesRule<R, Name extends EcsName> = readonly [from: Sources<R>, to: OneOrMore<Name>, by: NamesConverter<Name>]

/** Source, target and converter; one line of the table. */
export type Rule<R> =
  | ValueRule<R, string>
  | ValueRule<R, number>
  | ValueRule<R, boolean>
  | ValueRule<R, string[]>
  | ValueRule<R, GeoPoint>
  | ValueRule<R, JsonObject[]>
  | ValueRule<R, EcsFields['host.os.type']>
  | ValueRule<R, EcsFields['network.direction']>
  | ValueRule<R, EcsFields['faas.trigger.type']>
  | ValueRule<R, EcsFields['dns.header_flags'][number]>
  | readonly [from: Sources<R>, to: OneOrMore<Vendor>, by: Converter<Json>]
  | SetRule<R, 'url'>
  | SetRule<R, 'source' | 'destination'>
  | SetRule<R, 'tls.client.hash' | 'tls.server.hash'>
  | NamesRule<R, 'network.protocol' | 'http.version'>
  | NamesRule<R, 'tls.version_protocol' | 'tls.version'>

type Category = EcsFields['event.category'][number]
type Type = EcsFields['event.type'][number]
type Kind = EcsFields['event.kind']
type Outcome = EcsFields['event.outcome']

/** Constants. `observer` is observer.type. */
export type Fixed = {
  readonly category?: readonly Category[]
  readonly type?: readonly Type[]
  readonly kind?: Kind
  readonly observer?: string
} & {
  readonly [Name in Exclude<EcsName, 'event.category' | 'event.type' | 'event.kind' | 'observer.type'>]?: Readonly<
    EcsFields[Name]
  >
}

/**
 * `text`, `prefix*`, `*suffix`, `*part*`, `200..399`, or `present` for any value that is not empty. Compared as text without regard to case.
 */
export type Pattern = string

/** All fields hold one of their patterns; or `first`: the first field that is present holds one; or `else`: always. */
export type Test<R> =
  | { readonly [Field in FieldOf<R>]?: OneOrMore<Pattern> }
  | { readonly first: readonly FieldOf<R>[]; readonly is: OneOrMore<Pattern> }
  | 'else'

/** The first test that holds decides. `+x` adds to the constant list, a list takes its place. */
type ListRules<R, Word extends string> = readonly (readonly [test: Test<R>, then: readonly Word[] | `+${Word}`])[]
type WordRules<R, Word extends string> = readonly (readonly [test: Test<R>, then: Word])[]

/** Values that depend on fields; the fields stay what they are for the other rules. */
export interface When<R> {
  readonly category?: ListRules<R, Category>
  readonly type?: ListRules<R, Type>
  readonly kind?: WordRules<R, Kind>
  readonly outcome?: WordRules<R, Outcome>
}

/** Candidates for @timestamp, event.start and event.end; the first that converts. */
export interface Times<R> {
  readonly time?: readonly FieldOf<R>[]
  readonly start?: readonly FieldOf<R>[]
  readonly end?: readonly FieldOf<R>[]
}

/** Fields whose values become related too; they stay below `cloudflare`. */
export interface Related<R> {
  readonly ip?: readonly FieldOf<R>[]
  readonly hosts?: readonly FieldOf<R>[]
  readonly user?: readonly FieldOf<R>[]
  readonly hash?: readonly FieldOf<R>[]
}

/** A field that stays below `cloudflare` although it is mapped; `as` under another name, `text` as a string. */
export type Copy<R> = FieldOf<R> | { readonly field: FieldOf<R>; readonly as?: string; readonly text?: true }

/** A field that is absent below `cloudflare`; `onlyKey`: only while the object has no other key. The raw line has it still. */
export type Drop<R> = FieldOf<R> | { readonly field: FieldOf<R>; readonly onlyKey: string }

interface Rows<R> {
  readonly fixed?: Fixed
  readonly when?: When<R> | readonly When<R>[]
  readonly fields?: readonly Rule<R>[]
  readonly related?: Related<R>
  /** `*`: the whole record, empty values too. */
  readonly copy?: readonly Copy<R>[] | '*'
}

export interface Table<R> extends Rows<R> {
  /** The Logpush name. */
  readonly name: string
  /** The template of the event's sentence (description.ts). */
  readonly description?: string
  /**
   * For the published formats: what is not published comes only with additions on. `auto` is what the setting ADDITIONS=auto means,
   * `dataset` the published event.dataset where it differs, `parts` the sets whose domain parts are an addition.
   */
  readonly published?: {
    readonly auto: 'on' | 'off'
    readonly dataset?: string
    readonly parts?: readonly ('destination' | 'source')[]
  }
  readonly fixed: Fixed
  readonly time?: Times<R>
  readonly fields: readonly Rule<R>[]
  readonly drop?: readonly Drop<R>[]
  /** network.community_id, where the addresses and ports are those of one flow. `icmp`: the fields that hold type and code. */
  readonly community?: true | { readonly icmp: readonly [type: FieldOf<R>, code: FieldOf<R>] }
  /** Rows of a published format that are not published. Applied after the others; its `copy` wins over `drop`. */
  readonly additions?: Rows<R>
}

/** A table whose record type is forgotten: what compile.ts takes. */
export type AnyTable = Table<Readonly<Record<string, Json>>>

/**
 * Checks a table against the record's fields and ECS: a name or a type that does not exist there does not compile.
 *
 *     export default defineDataset<HttpRequests>()({ name: 'http_requests', … })
 *
 * `Own`: names below `cloudflare` that are no fields but the table's, for the names in `description`.
 */
export function defineDataset<R extends object, Own extends string = never>() {
  type Name = EcsName | `cloudflare.${FieldOf<R> | Own}`
  return <const Text extends string>(table: Table<R> & { readonly description?: Template<Text, Name> }): AnyTable =>
    table as unknown as AnyTable
}
