import { readFileSync } from 'node:fs'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HttpClient } from '../../src/sinks/http-client.ts'
import { answer, type MisbehavingServer, startMisbehavingServer } from '../helpers/misbehaving-server.ts'
import { everythingOf, failureOf, NO_TLS, never, POST, useClientRig } from './http-kit.ts'

const rig = useClientRig()
let plain: Server | undefined
afterEach(() => {
  plain?.close()
  plain = undefined
})

/** What is no TLS answers at an https URL. */
async function startPlain(): Promise<string> {
  plain = createServer(socket => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>(resolve => plain?.listen(0, '127.0.0.1', resolve))
  return `https://127.0.0.1:${(plain.address() as AddressInfo).port}`
}
describe('several servers', () => {
  let other: MisbehavingServer
  let clock: number

  beforeEach(async () => {
    other = await startMisbehavingServer()
    clock = 1_000_000
  })
  afterEach(() => other.close())
  const both = () => rig.clientOf({ urls: [rig.server.url, other.url], now: () => clock })
  const counts = () => [rig.server.requests.length, other.requests.length]
  const repeat = async (times: number, client: HttpClient) => {
    for (let i = 0; i < times; i++) await client.request(POST, never)
  }

  it('take turns', async () => {
    await repeat(6, both())
    expect(counts()).toEqual([3, 3])
  })

  it('serve while one is down, which rests, longer each time, and comes back', async () => {
    const client = both()
    await rig.server.refuse()
    await failureOf(client.request(POST, never))
    await repeat(5, client)
    expect(counts()).toEqual([0, 5])

    clock += 1001
    await failureOf(client.request(POST, never))
    clock += 1001
    await repeat(5, client)
    expect(counts()).toEqual([0, 10])

    await rig.server.listen()
    clock += 1000
    await repeat(6, client)
    expect(counts()).toEqual([3, 13])
  })

  it('serve while one says that it cannot (502, 503, 504) or that it does not know us, and other answers are no reason to rest', async () => {
    for (const [status, first] of [
      [502, 1],
      [503, 1],
      [504, 1],
      [500, 1],
      [429, 3],
      [401, 1],
      [400, 3],
    ] as const) {
      rig.server.behave(answer(status))
      const client = both()
      const before = rig.server.requests.length
      await repeat(6, client)
      expect(rig.server.requests.length - before, String(status)).toBe(first)
    }
  })

  it('are asked all the same when all rest', async () => {
    const client = both()
    await Promise.all([rig.server.refuse(), other.refuse()])
    for (let i = 0; i < 6; i++) await failureOf(client.request(POST, never))
    await Promise.all([rig.server.listen(), other.listen()])
    await repeat(4, client)
    expect(Math.max(...counts())).toBe(4)
    clock += 30_001
    await repeat(4, client)
    expect(counts().sort()).toEqual([2, 6])
  })

  it('need an operator for broken trust only when none other can be asked', async () => {
    const client = rig.clientOf({ urls: [await startPlain(), other.url], now: () => clock })
    expect((await failureOf(client.request(POST, never))).needsOperator).toBe(false)
    await client.request(POST, never)
    await other.refuse()
    await failureOf(client.request(POST, never))
    expect((await failureOf(client.request(POST, never))).needsOperator).toBe(true)
  })
})

describe('TLS', () => {
  const pem = (name: string) => join(import.meta.dirname, 'http-tls', `${name}.pem`)
  let folder: string
  let secure: MisbehavingServer | undefined
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'http-tls-'))
  })
  afterEach(async () => {
    await secure?.close()
    secure = undefined
    await rm(folder, { recursive: true })
  })

  const startSecure = async (name: string, more: object = {}) => {
    const [cert, key, ca] = [`${name}-cert`, `${name}-key`, 'ca'].map(file => readFileSync(pem(file)))
    secure = await startMisbehavingServer({ cert, key, ca, ...more } as object)
    return secure.url
  }
  const secureClient = (url: string, files: Partial<typeof NO_TLS | Record<string, string>>) =>
    rig.clientOf({ urls: [url], ...NO_TLS, ...files })

  it('trusts who the CA file says, by address and by name', async () => {
    const url = await startSecure('server')
    expect((await secureClient(url, { caFile: pem('ca') }).request(POST, never)).status).toBe(200)
    const named = url.replace('127.0.0.1', 'localhost')
    expect((await secureClient(named, { caFile: pem('ca') }).request(POST, never)).status).toBe(200)
  })

  it('does not trust who is signed by nobody known, has another name, or speaks no TLS; an operator has to mend it', async () => {
    const unknown = await failureOf(secureClient(await startSecure('server'), {}).request(POST, never))
    expect(unknown).toMatchObject({ needsOperator: true })
    expect(unknown.message).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED/)
    await secure?.close()

    const elsewhere = await startSecure('elsewhere')
    const wrongName = await failureOf(secureClient(elsewhere, { caFile: pem('ca') }).request(POST, never))
    expect(wrongName).toMatchObject({ needsOperator: true })
    expect(wrongName.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(secure?.requests).toEqual([])

    const plain = await failureOf(secureClient(await startPlain(), {}).request(POST, never))
    expect(plain).toMatchObject({ needsOperator: true })
    expect(plain.message).toContain('SSL')
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`shows its certificate where the server asks for one, over ${version}`, async () => {
      const url = await startSecure('server', {
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: version,
        maxVersion: version,
      })
      const without = await failureOf(secureClient(url, { caFile: pem('ca') }).request(POST, never))
      expect(without.message).toMatch(/ERR_SSL|alert|ECONNRESET|closed/i)
      const files = { caFile: pem('ca'), certFile: pem('client-cert'), keyFile: pem('client-key') }
      expect((await secureClient(url, files).request(POST, never)).status).toBe(200)
    })
  }

  it('reads its files when it connects, and says which one is not usable', async () => {
    const url = await startSecure('server')
    const caFile = join(folder, 'ca.pem')
    const client = secureClient(url, { caFile })
    const missing = await failureOf(client.request(POST, never))
    expect(missing).toMatchObject({ needsOperator: true })
    expect(missing.message).toContain(`${caFile} is not usable: it cannot be read (ENOENT)`)
    for (const [text, said] of [
      ['', 'it is empty'],
      ['no certificate', 'it is not PEM'],
      ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'SELF_SIGNED_CERT_IN_CHAIN'],
    ] as const) {
      await writeFile(caFile, text)
      expect((await failureOf(client.request(POST, never))).message).toContain(said)
    }
    await copyFile(pem('ca'), caFile)
    expect((await client.request(POST, never)).status).toBe(200)
    // An open connection goes on; a new one reads the file again.
    await rm(caFile)
    expect((await client.request(POST, never)).status).toBe(200)
    await secure?.refuse()
    await secure?.listen()
    const gone = await failureOf(client.request(POST, never))
    const again = gone.message.includes('ENOENT') ? gone : await failureOf(client.request(POST, never))
    expect(again.message).toContain('ENOENT')
  })

  it('says nothing of a key that does not belong to its certificate', async () => {
    const url = await startSecure('server')
    const files = { caFile: pem('ca'), certFile: pem('client-cert'), keyFile: pem('server-key') }
    const error = await failureOf(secureClient(url, files).request(POST, never))
    expect(error.message).toContain('server-key.pem')
    expect(error.needsOperator).toBe(true)
    expect(everythingOf(error)).not.toContain('PRIVATE KEY')
  })
})
