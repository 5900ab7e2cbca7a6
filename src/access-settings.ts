import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { createKeyring, type Keyring } from './http/keys.ts'
import { createPeers, type Peers } from './http/peers.ts'
import type { TlsFiles } from './http/tls.ts'

/** Who is let in, as the settings want it. */

/** A token that can be guessed is none. */
const ADMIN_TOKEN_LENGTH = 16

/** Throws StartError. Undefined where none is set. */
export function adminTokens({ adminToken, adminTokenFile }: Config, log: Logger): Keyring | undefined {
  if (adminToken === undefined && adminTokenFile === undefined) return undefined
  const words = { what: 'admin tokens', setting: 'ADMIN_TOKEN', minLength: ADMIN_TOKEN_LENGTH }
  return createKeyring({ keys: adminToken, file: adminTokenFile, datasets: [], log, ...words })
}

/** Throws StartError. */
export function peersOf({ allowedNetworks, allowedNetworksFile, trustedProxies }: Config, log: Logger): Peers {
  return createPeers({ networks: allowedNetworks, file: allowedNetworksFile, trustedProxies, log })
}

export function tlsFiles({ tlsCertFile, tlsKeyFile, tlsClientCaFile }: Config): TlsFiles | undefined {
  return tlsCertFile !== undefined && tlsKeyFile !== undefined
    ? { certFile: tlsCertFile, keyFile: tlsKeyFile, clientCaFile: tlsClientCaFile }
    : undefined
}
