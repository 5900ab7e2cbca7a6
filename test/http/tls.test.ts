import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { StartError } from '../../src/errors.ts'
import { KEY, listen } from './listening.ts'

const fixture = (name: string) => join(import.meta.dirname, 'tls', name)
let folder: string
let files: { certFile: string; keyFile: string; pollMs: number }
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tls-'))
  files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem'), pollMs: 5 }
  await install('first')
})
afterEach(() => rm(folder, { recursive: true }))

const install = async (name: string) => {
  await copyFile(fixture(`${name}-cert.pem`), files.certFile)
  await copyFile(fixture(`${name}-key.pem`), files.keyFile)
}

function ask(port: number, request: string): Promise<{ name: string; answer: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    let answer = ''
    socket.setEncoding('latin1').on('data', chunk => {
      answer += chunk
    })
    socket.once('secureConnect', () => socket.write(request))
    socket.once('error', reject).once('end', () => {
      resolve({ name: String(socket.getPeerCertificate().subject?.CN), answer })
      socket.destroy()
    })
  })
}

const BATCH = `POST /plain/batch HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${KEY}\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{}\n`

test('batches are taken over HTTPS, and a renewed certificate is used without a restart', async () => {
  const intake = await listen({ tls: files })
  try {
    const first = await ask(intake.port, BATCH)
    expect(first.name).toBe('first.test')
    expect(first.answer).toMatch(/^HTTP\/1.1 200 /)

    await install('second')
    await expect.poll(async () => (await ask(intake.port, BATCH)).name).toBe('second.test')
    await writeFile(files.certFile, 'no certificate')
    await expect.poll(() => intake.log()).toContain('The changed TLS files are not usable')
    expect((await ask(intake.port, BATCH)).name).toBe('second.test')
    expect(intake.log()).not.toContain((await readFile(fixture('second-key.pem'), 'latin1')).split('\n')[1])
  } finally {
    await intake.close()
  }
})

test('an early answer reaches the sender over HTTPS too', async () => {
  const intake = await listen({ tls: files })
  try {
    const request = `POST /plain/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\n\r\n${'x'.repeat(600_000)}`
    const { answer } = await ask(intake.port, request)
    expect(answer).toMatch(/^HTTP\/1.1 401 .*ERR_INTAKE_UNAUTHORIZED.*}$/s)
  } finally {
    await intake.close()
  }
})

test('plain HTTP on the TLS port is only closed', async () => {
  const intake = await listen({ tls: files })
  try {
    const raw = intake.socket()
    raw.socket.write(BATCH)
    expect(await raw.closed()).not.toContain('200')
  } finally {
    await intake.close()
  }
})

test('files that do not belong together stop the start', async () => {
  await copyFile(fixture('second-key.pem'), files.keyFile)
  await expect(listen({ tls: files })).rejects.toThrow(StartError)
})
