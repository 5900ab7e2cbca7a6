import { createSecureContext } from 'node:tls'
import { buildConnector } from 'undici'
import { RetryableError } from '../errors.ts'
import { readSmallFile } from '../lib/small-file.ts'

export interface TlsFiles {
  /** PEM files; the server is trusted by `caFile` instead of the system's authorities, `certFile` and `keyFile` are ours. */
  readonly caFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
}

interface Pem {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

const CONNECT_MS = 10_000
const MAX_PEM_BYTES = 4 * 1024 * 1024

/** Connects; for TLS with the files as they are at that moment, so that renewed ones need no restart. */
export function createConnector(files: TlsFiles): buildConnector.connector {
  const plain = buildConnector({ timeout: CONNECT_MS, allowH2: false })
  let known: { readonly pem: Pem; readonly connect: buildConnector.connector } | undefined

  const secure = async () => {
    const { caFile, certFile, keyFile } = files
    const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map(readPem))
    const pem = { ca, cert, key }
    if (known !== undefined && JSON.stringify(known.pem) === JSON.stringify(pem)) return known.connect
    const connect = buildConnector({ timeout: CONNECT_MS, allowH2: false, secureContext: contextOf(pem, files) })
    known = { pem, connect }
    return connect
  }

  return (options, callback) => {
    if (options.protocol !== 'https:') return plain(options, callback)
    secure()
      .then(connect => connect(options, callback))
      .catch(error => callback(error, null))
  }
}

async function readPem(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  const { text } = await readSmallFile(file, MAX_PEM_BYTES).catch(error => {
    throw unusable(file, error.message)
  })
  // Not an error to Node, which then trusts the usual authorities.
  if (!text.includes('-----BEGIN ')) throw unusable(file, 'it is not PEM')
  return text
}

const unusable = (file: string, reason: string) =>
  new RetryableError(`The TLS file ${file} is not usable: ${reason}.`, { needsOperator: true })

function contextOf(pem: Pem, { caFile, certFile, keyFile }: TlsFiles) {
  try {
    return createSecureContext(pem)
  } catch (error) {
    const names = [caFile, certFile, keyFile].filter(name => name !== undefined).join(', ')
    const reason = error instanceof Error ? error.message : 'unknown error'
    throw new RetryableError(`The TLS files ${names} cannot be used: ${reason}.`, { needsOperator: true })
  }
}
