import { readFileSync } from 'node:fs'
import type { Server } from 'node:https'
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import { StartError } from '../errors.ts'
import { watchFiles } from './file-watch.ts'

export interface TlsFiles {
  /** PEM: the certificate, then those that lead to the root. */
  readonly certFile: string
  /** PEM. */
  readonly keyFile: string
  /** Milliseconds between looks at the files. */
  readonly pollMs?: number
}

export interface TlsPair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** @throws StartError */
export function readTls(files: TlsFiles): TlsPair {
  try {
    return read(files)
  } catch (error) {
    throw new StartError(
      `TLS_CERT_FILE ${files.certFile} and TLS_KEY_FILE ${files.keyFile} cannot be used: ${(error as Error).message}.`,
      { cause: error },
    )
  }
}

/** New connections get the new certificate; those that are open go on. Returns what stops it. */
export function renewTls(server: Server, files: TlsFiles, log: Logger): () => void {
  const renew = () => {
    try {
      server.setSecureContext(read(files))
      log.info('The TLS certificate was read again.')
    } catch (error) {
      const reason = (error as Error).message
      log.error({ reason }, 'The changed TLS files are not usable; the certificate from before stays.')
    }
  }
  return watchFiles([files.certFile, files.keyFile], files.pollMs ?? 1000, renew)
}

function read({ certFile, keyFile }: TlsFiles): TlsPair {
  const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
  createSecureContext(pair)
  return pair
}
