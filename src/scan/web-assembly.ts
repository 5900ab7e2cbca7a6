/** The part of WebAssembly that is used here: Node's types leave it to the browser's. */
interface WebAssembly {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssembly }).WebAssembly

/** Compiles the bytes once. @returns what makes an instance at each call: its exports, which are those of `T` */
export function compileWasm<T extends object>(bytes: Uint8Array): () => T {
  const module = new Module(bytes)
  return () => new Instance(module).exports as T
}
