import type { ItemAnswer } from './elasticsearch-answer.ts'

/** What becomes of one event after an item of a bulk answer. `why` is a part of a sentence and holds nothing of a document. */
export type Outcome =
  | { readonly kind: 'delivered' }
  /** Sent again; `needsOperator`: only an operator can mend it. */
  | { readonly kind: 'retry'; readonly needsOperator: boolean; readonly why: string }
  /** Refused for its content. `mapping`: the same event with fewer fields may be taken. */
  | { readonly kind: 'refused'; readonly mapping: boolean; readonly reason: string; readonly words: string }

const DELIVERED: Outcome = { kind: 'delivered' }

/** Refusals of fields: their types, number, depth or length. Both servers' names. */
const MAPPING_TYPES = new Set([
  'document_parsing_exception',
  'mapper_parsing_exception',
  'strict_dynamic_mapping_exception',
  'mapper_exception',
  'parsing_exception',
  'parse_exception',
  'x_content_parse_exception',
  'stream_constraints_exception',
])
/** An illegal_argument_exception can be of anything: `Limit of total fields`, `immense term in field`, `mapper [x] cannot be changed`. */
const MAPPING_WORDS = /\b(?:fields?|mappers?|mappings?|terms?|depth)\b/i

/** Without words, which an answer that would be too long leaves out, it may be. */
const isOfFields = (reason: string): boolean => reason === '' || MAPPING_WORDS.test(reason)

/** 400 by name, but no event is at fault: each would be refused. Their words are of indexes and settings. */
const CONFIGURATION_TYPES = new Set([
  'invalid_index_name_exception',
  'invalid_alias_name_exception',
  'index_closed_exception',
  'index_not_found_exception',
  'index_template_missing_exception',
  'routing_missing_exception',
  'security_exception',
  'cluster_block_exception',
  // The limit of shards in the cluster, when an index is to be made.
  'validation_exception',
])
/** Of an illegal_argument_exception. Only how it begins: what stands further on can be of the event, and would make it wait for ever. */
const CONFIGURATION_WORDS = [
  /^pipeline with id \[/,
  /^no write index is defined for alias \[/,
  /^no matching index template/,
  /^alias \[[^\]]*\] has more than one index/i,
  /^number of documents in the (?:index|shard) cannot exceed/i,
  /^request \[[^\]]*\] contains unrecognized parameters?: /,
  /^only write ops with an op_type of create are allowed in data streams/,
]

/** Whether the server's settings are at fault, or ours, whatever the status says. */
export function isOfConfiguration(type: string, reason: string): boolean {
  if (CONFIGURATION_TYPES.has(type)) return true
  return type === 'illegal_argument_exception' && CONFIGURATION_WORDS.some(words => words.test(reason))
}

/** Statuses that go away by themselves, for an item or a whole answer. */
export const isPassing = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || (status >= 500 && status <= 599)
export const isOfAccess = (status: number): boolean => status === 401 || status === 403 || status === 404

/**
 * @param item undefined: the answer told nothing of the event, which may be there or not; it is sent again, and then a 409 tells
 */
export function outcomeOf(item: ItemAnswer | undefined): Outcome {
  if (item === undefined) return retry('the answer does not tell what became of them')
  const { status, type, reason, words } = item
  if (status >= 200 && status <= 299) return DELIVERED
  // The id is there already: `create` knows no other conflict.
  if (status === 409) return DELIVERED
  // 500, but a pipeline's decision on this document: it would be the same for ever.
  if (type === 'fail_processor_exception') return { kind: 'refused', mapping: false, reason: 'pipeline', words }
  if (isPassing(status) || type === 'resource_already_exists_exception') return retry(saidBy(item))
  if (isOfAccess(status) || isOfConfiguration(type, reason)) return { ...retry(saidBy(item)), needsOperator: true }
  if (status < 400 || status > 499) return retry(saidBy(item))
  const mapping = MAPPING_TYPES.has(type) || (type === 'illegal_argument_exception' && isOfFields(reason))
  return { kind: 'refused', mapping, reason: reasonOf(status, mapping), words: words || `status ${status}` }
}

function reasonOf(status: number, mapping: boolean): string {
  if (mapping) return 'mapping'
  return status === 413 ? 'too_large' : 'refused'
}

const retry = (why: string) => ({ kind: 'retry', needsOperator: false, why }) as const

const MAX_SAID = 300

/** Status and type; the server's words only where they are of settings and never of documents. */
export function saidBy({ status, type, reason }: Pick<ItemAnswer, 'status' | 'type' | 'reason'>): string {
  if (type === '') return `status ${status}`
  const said = isOfConfiguration(type, reason) && reason !== '' ? `: ${reason.slice(0, MAX_SAID)}` : ''
  return `status ${status} (${type}${said})`
}
