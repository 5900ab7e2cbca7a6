import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const required = process.env.CI === 'true'
const engine = await getContainerRuntimeClient().then(
  () => true,
  () => false,
)
if (!engine && !required) process.stderr.write('The container tests are skipped: no container engine answers.\n')

class ReadOnlyContainer extends GenericContainer {
  withReadOnlyRootFileSystem(): this {
    this.hostConfig.ReadonlyRootfs = true
    return this
  }
}

describe.skipIf(!engine && !required)('the image', () => {
  let container: StartedTestContainer
  const run = async (...command: string[]) => (await container.exec(command)).output.trim()

  beforeAll(async () => {
    await GenericContainer.fromDockerfile(root).withCache(true).build('logpush-intake:test', { deleteOnExit: false })
    container = await new ReadOnlyContainer('logpush-intake:test')
      .withReadOnlyRootFileSystem()
      .withDroppedCapabilities('ALL')
      .withSecurityOpt('no-new-privileges:true')
      .withExposedPorts(8080)
      .withWaitStrategy(Wait.forHealthCheck())
      .withStartupTimeout(120_000)
      .start()
  })
  afterAll(async () => {
    await container?.stop()
  })

  it('is healthy, runs as a user without rights, and can write only to its data', async () => {
    expect(await run('id', '-u')).not.toBe('0')
    expect((await container.exec(['touch', '/app/x'])).exitCode).not.toBe(0)
    expect((await container.exec(['touch', '/tmp/x'])).exitCode).not.toBe(0)
    expect(await run('stat', '-c', '%a', '/data/intake-keys')).toBe('600')
  })

  it('takes a batch and writes its events', async () => {
    const answer = await fetch(`http://${container.getHost()}:${container.getMappedPort(8080)}/plain/batch`, {
      method: 'POST',
      headers: { 'x-sekoiaio-intake-key': await run('cat', '/data/intake-keys'), 'content-encoding': 'gzip' },
      body: readFileSync(join(root, 'examples/audit-logs.ndjson.gz')),
    })
    expect(answer.status).toBe(200)
    expect(((await answer.json()) as { event_ids: string[] }).event_ids).toHaveLength(5)
    await expect
      .poll(() => run('sh', '-c', 'cat /data/events/audit_logs/*.ndjson | wc -l'), { timeout: 10_000 })
      .toBe('5')
  })

  it('never shows its key in the log', async () => {
    const key = await run('cat', '/data/intake-keys')
    let log = ''
    const stream = await container.logs()
    await new Promise(resolve => {
      stream.on('data', (chunk: Buffer) => {
        log += chunk.toString()
        if (log.includes('takes batches')) resolve(undefined)
      })
      stream.on('end', resolve)
    })
    stream.destroy()
    expect(log).toContain('plain/batch')
    expect(log).not.toContain(key)
  })

  it('stops within 10 s of SIGTERM with exit code 0', async () => {
    const client = await getContainerRuntimeClient()
    const inner = client.container.getById(container.getId())
    const began = performance.now()
    await client.container.stop(inner, { timeout: 10_000 })
    expect(performance.now() - began).toBeLessThan(10_000)
    expect((await inner.inspect()).State.ExitCode).toBe(0)
  })
})
