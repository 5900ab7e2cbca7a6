import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import { StartError } from '../errors.ts'
import { createNetworks, type Networks, plainAddress } from '../lib/networks.ts'
import { watchFiles } from './file-watch.ts'

/** Whose requests are taken at all, by their address. */
export interface Peers {
  /** Where a request comes from; undefined when that cannot be known. */
  addressOf(request: IncomingMessage): string | undefined
  /** True for any address where no networks are set. */
  admits(request: IncomingMessage): boolean
  /** Stops looking at the file. Idempotent. */
  close(): void
}

export interface PeersOptions {
  /** The networks that requests are taken from; this, `file` or neither. */
  readonly networks?: readonly string[] | undefined
  /** A file with the networks, read again when it changes. */
  readonly file?: string | undefined
  /** Networks of proxies, whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[] | undefined
  readonly log: Logger
  /** Milliseconds between looks at the file. */
  readonly pollMs?: number
}

/** Behind more proxies than that nobody is. */
const MAX_HOPS = 32

/** @throws StartError when a network is none, or the file cannot be read or names no network */
export function createPeers(options: PeersOptions): Peers {
  const { networks = [], file, trustedProxies = [], log, pollMs = 1000 } = options
  const trusted = trustedProxies.length === 0 ? undefined : parse('TRUSTED_PROXIES', trustedProxies)
  const read = () => createNetworks(namesIn(readFileSync(file as string, 'utf8')))
  let allowed: Networks | undefined
  if (file !== undefined) allowed = orStartError(`The file ${file} (ALLOWED_NETWORKS_FILE)`, read)
  else if (networks.length > 0) allowed = parse('ALLOWED_NETWORKS', networks)

  const readAgain = () => {
    try {
      allowed = read()
      log.info('The networks that requests are taken from were read again.')
    } catch (error) {
      const reason = (error as Error).message
      log.error({ reason }, 'The changed file with the networks is not usable; those from before stay.')
    }
  }
  const gone = () =>
    log.error({ file }, 'The file with the networks is gone; those from before stay until there is one again.')
  const stop = file === undefined ? () => {} : watchFiles([file], pollMs, readAgain, gone)

  const addressOf = (request: IncomingMessage) => {
    const peer = plainAddress(request.socket.remoteAddress ?? '')
    return peer === undefined || !trusted?.has(peer) ? peer : forwardedFor(request, peer, trusted)
  }
  return {
    addressOf,
    admits(request) {
      if (allowed === undefined) return true
      const address = addressOf(request)
      return address !== undefined && allowed.has(address)
    },
    close: stop,
  }
}

/**
 * The last address of X-Forwarded-For that is no trusted proxy: each proxy adds, at the end, whom it talks with, and what is further
 * ahead was written by whoever that is. `Forwarded` is not looked at: a proxy that adds to one of the two lets the other pass.
 */
function forwardedFor(request: IncomingMessage, peer: string, trusted: Networks): string | undefined {
  const header = request.headers['x-forwarded-for']
  if (typeof header !== 'string' || header.trim() === '') return peer
  const hops = header.split(',', MAX_HOPS + 1)
  if (hops.length > MAX_HOPS) return undefined
  let address: string | undefined
  for (const hop of hops.reverse()) {
    address = plainAddress(hop.trim())
    if (address === undefined || !trusted.has(address)) return address
  }
  return address
}

/** Between commas and line ends; a line that begins with # is a comment. */
function namesIn(text: string): string[] {
  const names = text
    .split('\n')
    .filter(line => !line.trimStart().startsWith('#'))
    .flatMap(line => line.split(','))
    .map(name => name.trim())
    .filter(name => name !== '')
  // An empty file would lock out everybody: more likely it was not written to its end.
  if (names.length === 0) throw new Error('there is no network in it')
  return names
}

const parse = (setting: string, texts: readonly string[]) => orStartError(setting, () => createNetworks(texts))

function orStartError<T>(source: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new StartError(`${source} gives no usable networks: ${(error as Error).message}.`, { cause: error })
  }
}
