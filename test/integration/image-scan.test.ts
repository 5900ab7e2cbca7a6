import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const IMAGE = 'logpush-intake:test'
const required = process.env.CI === 'true'
const engine = await getContainerRuntimeClient().then(
  () => true,
  () => false,
)
if (!engine && !required) process.stderr.write('The scan of the image is skipped: no container engine answers.\n')

describe.skipIf(!engine && !required)('the image', () => {
  let container: StartedTestContainer
  const run = async (...command: string[]) => container.exec(command)
  const lines = async (command: string) => {
    const { output, exitCode } = await container.exec(['sh', '-c', command], { user: 'root' })
    expect(exitCode, command).toBe(0)
    return output.split('\n').filter(line => line !== '')
  }

  beforeAll(async () => {
    await GenericContainer.fromDockerfile(root).withCache(true).build(IMAGE, { deleteOnExit: false })
    const tls = (name: string) => join(root, 'test/http/tls', name)
    // Every setting that shuts a door: the health check has to find its way all the same.
    container = await new GenericContainer(IMAGE)
      .withCopyFilesToContainer(
        ['first-cert.pem', 'first-key.pem'].map(name => ({ source: tls(name), target: `/tls/${name}`, mode: 0o644 })),
      )
      .withEnvironment({
        TLS_CERT_FILE: '/tls/first-cert.pem',
        TLS_KEY_FILE: '/tls/first-key.pem',
        TLS_CLIENT_CA_FILE: '/tls/first-cert.pem',
        ALLOWED_NETWORKS: '192.0.2.0/24',
        ADMIN_HOST: '0.0.0.0',
        ADMIN_TOKEN: 'a-token-for-this-test',
      })
      .withExposedPorts(8081)
      .withWaitStrategy(Wait.forHealthCheck())
      .withStartupTimeout(120_000)
      .start()
  })
  afterAll(async () => {
    await container?.stop()
  })

  it('is healthy with client certificates, a list of networks and an admin token, which it asks for', async () => {
    const url = `http://${container.getHost()}:${container.getMappedPort(8081)}`
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    expect((await fetch(`${url}/metrics`)).status).toBe(401)
    const authorization = 'Bearer a-token-for-this-test'
    expect((await fetch(`${url}/metrics`, { headers: { authorization } })).status).toBe(200)
  })

  it('runs as a user who is not root, has no password and cannot become another', async () => {
    const status = (await run('cat', '/proc/1/status')).output
    expect(/^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/m.exec(status)?.slice(1)).toEqual(['1000', '1000', '1000', '1000'])
    expect(/^Gid:\s+(\d+)/m.exec(status)?.[1]).toBe('1000')
    expect(/^CapEff:\s+(\w+)/m.exec(status)?.[1]).toMatch(/^0+$/)
    expect(await lines("awk -F: '$2 !~ /^[*!]/ { print $1 }' /etc/shadow")).toEqual([])
  })

  it('has no setuid or setgid file and no file with capabilities', async () => {
    expect(await lines('find / -xdev -type f -perm /6000')).toEqual([])
    const attributes = await lines("if command -v getcap > /dev/null; then getcap -r / 2> /dev/null; fi; echo 'done'")
    expect(attributes).toEqual(['done'])
  })

  it('has nothing that everybody may write to but the folders for that, and no program that its user may', async () => {
    const open = await lines('find / -xdev ! -type l ! -type c ! -type p ! -type s -perm -0002')
    expect(open.toSorted()).toEqual(['/run/lock', '/tmp', '/var/tmp'])
    for (const path of open) expect((await run('stat', '-c', '%a', path)).output.trim()).toBe('1777')
    const own = await lines('find / -xdev -user node ! -path "/proc/*" ! -path "/data*" ! -path "/home/node*"')
    expect(own).toEqual([])
  })

  it('has of package managers, compilers and clients only what Debian itself cannot do without', async () => {
    const asked =
      'sh bash python3 npm npx corepack yarn pnpm gcc cc make git curl wget nc ssh telnet apt-get dpkg perl sudo'.split(
        ' ',
      )
    const { output } = await run('sh', '-c', `for each in ${asked.join(' ')}; do command -v $each; done; true`)
    // sh starts the base's entry point and is what `docker exec` is used with; the rest is part of the base.
    expect(output.split('\n').filter(line => line !== '')).toEqual([
      '/usr/bin/sh',
      '/usr/bin/bash',
      '/usr/bin/apt-get',
      '/usr/bin/dpkg',
      '/usr/bin/perl',
    ])
  })

  it('holds the production dependencies alone, and no secret', async () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
      devDependencies: Record<string, string>
    }
    const installed = await lines('ls /app/node_modules /app/node_modules/@*')
    for (const name of Object.keys(dependencies)) expect(installed).toContain(name.split('/').at(-1))
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean }>
    }
    for (const name of Object.keys(devDependencies)) {
      if (packages[`node_modules/${name}`]?.dev !== true) continue
      expect((await run('test', '-e', `/app/node_modules/${name}`)).exitCode, name).not.toBe(0)
    }
    expect(
      await lines(
        'find /app -name ".env*" -o -name "*.pem" -o -name intake-keys -o -name .git -o -name .npmrc | grep -v "/test/" || true',
      ),
    ).toEqual([])
  })
})
