import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import facts from '../../src/datasets/facts.json' with { type: 'json' }

const main = join(import.meta.dirname, '../../src/main.ts')
const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [main, ...args], { env: { PATH: process.env.PATH } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )

describe('the command job', () => {
  it('prints API JSON with every field that is not deprecated', async () => {
    const { stdout } = await run(
      'job',
      '--dataset',
      'gateway_dns',
      '--url',
      'https://logs.example.com',
      '--format',
      'json',
    )
    const job = JSON.parse(stdout)
    expect(job.destination_conf).toBe(
      'https://logs.example.com/plain/batch/gateway_dns?header_X-SEKOIAIO-INTAKE-KEY=INTAKE_KEY',
    )
    const { fields, deprecated_fields: deprecated } = facts.gateway_dns
    expect(job.output_options.field_names).toEqual(
      Object.keys(fields).filter(field => !(deprecated as string[]).includes(field)),
    )
    expect(job.output_options.timestamp_format).toBe('rfc3339ns')
  })

  it('prints a curl line and Terraform for zone and account where a dataset has both', async () => {
    const { stdout } = await run(
      'job',
      '--dataset',
      'account_abuse_protection_events',
      '--url',
      'https://logs.example.com',
    )
    for (const part of [
      'zones/$ZONE_ID',
      'accounts/$ACCOUNT_ID',
      'zone_id = var.zone_id',
      'account_id = var.account_id',
    ]) {
      expect(stdout).toContain(part)
    }
  })

  it('prints a curl line that a shell sends as it is, with the keys of its environment', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'job-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const url = "https://logs.example.com/a&b;c/it's/%20x/(y)*~"
    const { stdout: script } = await run('job', '--dataset', 'dns_logs', '--url', url, '--format', 'curl')
    await writeFile(join(folder, 'curl'), '#!/bin/sh\nprintf "%s\\n" "$@" > "$0.arguments"\ncat > "$0.body"\n', {
      mode: 0o700,
    })
    const keys = { INTAKE_KEY: 'the-key', CLOUDFLARE_API_TOKEN: 'the-token', ZONE_ID: 'the-zone' }
    await promisify(execFile)('bash', ['-c', script], { env: { PATH: `${folder}:${process.env.PATH}`, ...keys } })
    const { destination_conf: destination } = JSON.parse(await readFile(join(folder, 'curl.body'), 'utf8'))
    expect(destination).toBe(`${url}/plain/batch/dns_logs?header_X-SEKOIAIO-INTAKE-KEY=the-key`)
    const sent = await readFile(join(folder, 'curl.arguments'), 'utf8')
    expect(sent).toContain('/zones/the-zone/logpush/jobs\n')
    expect(sent).toContain('Authorization: Bearer the-token\n')
  })

  it.each(['$(id)', '$HOME', '`id`', '\\x', '"', '%{if', `\${x}`, '!x', 'é'])('refuses %s in the URL', async text => {
    const { code, stdout, stderr } = await run(
      'job',
      '--dataset',
      'dns_logs',
      '--url',
      `https://logs.example.com/${text}`,
    )
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('percent-encode')
  })

  it.each([
    ['an unknown dataset', ['--dataset', 'dns', '--url', 'https://logs.example.com'], 'Known datasets'],
    [
      'a prototype name as dataset',
      ['--dataset', 'constructor', '--url', 'https://logs.example.com'],
      'Known datasets',
    ],
    ['no URL', ['--dataset', 'dns_logs'], 'PUBLIC_URL'],
    ['a URL that Logpush cannot use', ['--dataset', 'dns_logs', '--url', 'http://logs.example.com'], 'https'],
    ['no dataset', ['--url', 'https://logs.example.com'], '--dataset'],
  ])('ends with exit code 2 and a hint for %s', async (_, args, hint) => {
    const { code, stderr } = await run('job', ...args)
    expect(code).toBe(2)
    expect(stderr).toContain(hint)
  })
})
