import { constants } from 'node:crypto'
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
  /** PEM: who signs the senders' certificates. With it nobody without one gets past the handshake. */
  readonly clientCaFile?: string | undefined
  /** Milliseconds between looks at the files. */
  readonly pollMs?: number
}

export type TlsContext = typeof PROTOCOL & { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer }

/**
 * Given in full, so that neither options of the node command nor its next version lower it. TLS 1.2 only with forward secrecy and AEAD:
 * Mozilla's intermediate set without finite-field DH.
 */
const PROTOCOL = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const
const HANDSHAKE_MS = 10_000

/** For the listener. @throws StartError */
export function readTls(files: TlsFiles) {
  try {
    return {
      ...read(files),
      handshakeTimeout: HANDSHAKE_MS,
      ...(files.clientCaFile !== undefined && { requestCert: true, rejectUnauthorized: true }),
    }
  } catch (error) {
    const ca = files.clientCaFile === undefined ? '' : `, TLS_CLIENT_CA_FILE ${files.clientCaFile}`
    throw new StartError(
      `TLS_CERT_FILE ${files.certFile} and TLS_KEY_FILE ${files.keyFile}${ca} cannot be used: ${(error as Error).message}.`,
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
  const { certFile, keyFile, clientCaFile } = files
  const gone = (file: string) =>
    log.error({ file }, 'A TLS file is gone; the certificate from before stays until there is one again.')
  const watched = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])]
  return watchFiles(watched, files.pollMs ?? 1000, renew, gone)
}

function read({ certFile, keyFile, clientCaFile }: TlsFiles): TlsContext {
  const context: TlsContext = {
    ...PROTOCOL,
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(clientCaFile !== undefined && { ca: authorities(clientCaFile) }),
  }
  createSecureContext(context)
  return context
}

/** OpenSSL takes a text without a certificate for an empty list, which would refuse every sender. */
function authorities(file: string): Buffer {
  const pem = readFileSync(file)
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`there is no PEM certificate in ${file}`)
  return pem
}
