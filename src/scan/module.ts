import { SCAN_WASM } from './scan.wasm.ts'
import { compileWasm } from './web-assembly.ts'

interface Address {
  readonly value: number
}

/** What wasm/ exports: where its areas lie, and its functions. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly TOKENS_AT: Address
  readonly SPECIAL_AT: Address
  readonly LINE_AT: Address
  readonly TEXTS_AT: Address
  readonly VALUES_AT: Address
  readonly TAKEN_AT: Address
  readonly TARGETS_AT: Address
  readonly KEPT_AT: Address
  readonly COPIES_AT: Address
  readonly ODD_AT: Address
  readonly ITEMS_AT: Address
  readonly REPLACED_AT: Address
  readonly MEMO_AT: Address
  readonly CONSTANTS_AT: Address
  readonly OUT_AT: Address
  readonly READS_AT: Address
  readonly NUMBERS_AT: Address
  scan(length: number): number
  readMembers(count: number): number
  copyMembers(count: number): number
  joinEvent(
    leaves: number,
    count: number,
    vendor: number,
    isWhole: boolean,
    members: number,
    targets: number,
    length: number,
    texts: number,
  ): number
}

/** The module with a memory of its own, some 4 MiB, of which only what was touched is taken. A scanner and a joiner share it. */
export type ScanModule = ReturnType<typeof createModule>

const instantiate = compileWasm<Exports>(Buffer.from(SCAN_WASM, 'base64'))

export function createModule() {
  const { memory, scan, readMembers, copyMembers, joinEvent, ...at } = instantiate()
  return {
    at,
    scan,
    readMembers,
    copyMembers,
    joinEvent,
    bytes: (address: Address, length: number) => Buffer.from(memory.buffer, address.value, length),
    numbers: (address: Address, length: number) => new Int32Array(memory.buffer, address.value, length),
    doubles: (address: Address, length: number) => new Float64Array(memory.buffer, address.value, length),
  }
}
