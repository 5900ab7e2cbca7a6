import { readFileSync } from 'node:fs'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls, { type ConnectionOptions, type SecureVersion } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StartError } from '../../src/errors.ts'
import { type Listening, listen } from './listening.ts'

const fixture = (name: string) => join(import.meta.dirname, 'tls', name)
const read = (name: string) => readFileSync(fixture(name))
const pair = { certFile: fixture('first-cert.pem'), keyFile: fixture('first-key.pem') }
const LIVEZ = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

interface Spoken {
  readonly protocol: string | null
  readonly cipher: string
  readonly status: string
}

/** Shakes hands as a client of these options, and asks for /livez. Rejects when the other side refuses. */
function speak(port: number, options: ConnectionOptions): Promise<Spoken> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
    let answer = ''
    let shaken = { protocol: null as string | null, cipher: '' }
    socket.once('secureConnect', () => {
      shaken = { protocol: socket.getProtocol(), cipher: socket.getCipher().name }
      socket.write(LIVEZ)
    })
    socket.on('data', chunk => {
      answer += chunk
    })
    socket.once('error', reject)
    socket.once('end', () => {
      const status = /^HTTP\/1.1 (\d+)/.exec(answer)?.[1]
      if (status === undefined) reject(new Error('closed without an answer'))
      else resolve({ ...shaken, status })
      socket.destroy()
    })
  })
}
const REFUSED = /alert|ECONNRESET|EPIPE|closed without an answer/
const only = (version: SecureVersion, ciphers = 'ALL:@SECLEVEL=0') => ({
  minVersion: version,
  maxVersion: version,
  ciphers,
})

describe('the protocol', () => {
  const OLD = ['TLSv1', 'TLSv1.1'] as const
  const WEAK = ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES128-SHA256', 'AES128-GCM-SHA256', 'DHE-RSA-AES128-GCM-SHA256']
  let intake: Listening
  beforeEach(async () => {
    intake = await listen({ tls: pair })
  })
  afterEach(() => intake.close())

  test('is TLS 1.3, or 1.2 with forward secrecy and AEAD', async () => {
    expect(await speak(intake.port, {})).toMatchObject({ protocol: 'TLSv1.3', status: '200' })
    for (const cipher of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305']) {
      const spoken = await speak(intake.port, only('TLSv1.2', cipher))
      expect(spoken).toEqual({ protocol: 'TLSv1.2', cipher, status: '200' })
    }
  })

  test.each(OLD)('is never %s, which this client does speak where it is allowed', async version => {
    await expect(speak(intake.port, only(version))).rejects.toThrow(/alert protocol version|unsupported protocol/)
    const lax = tls.createServer(
      { cert: read('first-cert.pem'), key: read('first-key.pem'), minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
      socket => socket.end('HTTP/1.1 200 OK\r\n\r\n'),
    )
    await new Promise<void>(resolve => lax.listen(0, '127.0.0.1', resolve))
    try {
      expect((await speak((lax.address() as AddressInfo).port, only(version))).protocol).toBe(version)
    } finally {
      lax.close()
    }
  })

  test.each(WEAK)('has no %s', async cipher => {
    await expect(speak(intake.port, only('TLSv1.2', `${cipher}:@SECLEVEL=0`))).rejects.toThrow(/handshake failure/)
  })

  test('is the same after the certificate was renewed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tls-'))
    const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem'), pollMs: 5 }
    await copyFile(pair.certFile, files.certFile)
    await copyFile(pair.keyFile, files.keyFile)
    const renewed = await listen({ tls: files })
    try {
      await copyFile(fixture('second-cert.pem'), files.certFile)
      await copyFile(fixture('second-key.pem'), files.keyFile)
      await expect.poll(() => renewed.log()).toContain('The TLS certificate was read again')
      await expect(speak(renewed.port, only('TLSv1.1'))).rejects.toThrow(/protocol/)
      await expect(speak(renewed.port, only('TLSv1.2', 'ECDHE-ECDSA-AES128-SHA'))).rejects.toThrow(/handshake failure/)
      expect(await speak(renewed.port, {})).toMatchObject({ protocol: 'TLSv1.3', status: '200' })
    } finally {
      await renewed.close()
      await rm(folder, { recursive: true })
    }
  })
})

describe('with TLS_CLIENT_CA_FILE', () => {
  const first = { cert: read('first-cert.pem'), key: read('first-key.pem') }
  const second = { cert: read('second-cert.pem'), key: read('second-key.pem') }
  let folder: string
  let clientCaFile: string
  let intake: Listening
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tls-'))
    clientCaFile = join(folder, 'ca.pem')
    await copyFile(fixture('second-cert.pem'), clientCaFile)
    intake = await listen({ tls: { ...pair, clientCaFile, pollMs: 5 } })
  })
  afterEach(async () => {
    await intake.close()
    await rm(folder, { recursive: true })
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'only a client whose certificate it signed is answered, in %s',
    async v => {
      const version = { minVersion: v, maxVersion: v }
      expect((await speak(intake.port, { ...version, ...second })).status).toBe('200')
      // In TLS 1.3 the client's side of the handshake is done before it is refused.
      await expect(speak(intake.port, version)).rejects.toThrow(REFUSED)
      await expect(speak(intake.port, { ...version, ...first })).rejects.toThrow(REFUSED)
      expect(await intake.metric('intake_requests_total')).toEqual([
        'intake_requests_total{route="/livez",status="200"} 1',
      ])
    },
  )

  test('another authority is taken without a restart, and a session from before does not help', async () => {
    const session = await new Promise<Buffer>(resolve => {
      const socket = tls.connect({ port: intake.port, host: '127.0.0.1', rejectUnauthorized: false, ...second })
      socket.once('session', ticket => {
        socket.destroy()
        resolve(ticket)
      })
      socket.write(LIVEZ)
    })
    expect((await speak(intake.port, { ...second, session })).status).toBe('200')
    await copyFile(fixture('first-cert.pem'), clientCaFile)
    await expect.poll(() => intake.log()).toContain('The TLS certificate was read again')
    expect((await speak(intake.port, first)).status).toBe('200')
    await expect(speak(intake.port, second)).rejects.toThrow(REFUSED)
    await expect(speak(intake.port, { ...second, session })).rejects.toThrow(REFUSED)
  })

  test('a file without a certificate stops the start, and changes nothing later', async () => {
    await writeFile(clientCaFile, 'nothing\n')
    await expect.poll(() => intake.log()).toContain('The changed TLS files are not usable')
    expect((await speak(intake.port, second)).status).toBe('200')
    await expect(listen({ tls: { ...pair, clientCaFile } })).rejects.toThrow(StartError)
    await expect(listen({ tls: { ...pair, clientCaFile } })).rejects.toThrow(/TLS_CLIENT_CA_FILE/)
  })
})
