import { describe, expect, it } from 'vitest'
import { greetingText } from '../../src/cli/greeting.ts'

const greeting = {
  url: 'http://127.0.0.1:8080',
  adminUrl: 'http://127.0.0.1:8081',
  publicUrl: undefined,
  keysFile: '/srv/intake/data/intake-keys',
  newKey: 'the-new-key',
  sampleFile: '/srv/intake/examples/audit-logs.ndjson.gz',
  sinks: ['data/events/<dataset>/*.ndjson'],
  terminal: true,
  cwd: '/srv/intake',
}

describe('the greeting', () => {
  it('shows a new key on a terminal', () => {
    expect(greetingText(greeting)).toContain('the-new-key')
  })

  it('shows no key where stderr is no terminal', () => {
    expect(greetingText({ ...greeting, terminal: false })).not.toContain('the-new-key')
  })

  it('has a curl line that reads the key from its file, with paths that work from the working folder', () => {
    expect(greetingText(greeting)).toContain(
      `curl --data-binary @examples/audit-logs.ndjson.gz -H 'Content-Encoding: gzip' -H "X-SEKOIAIO-INTAKE-KEY: $(cat data/intake-keys)" http://127.0.0.1:8080/plain/batch`,
    )
  })

  it('quotes a path that a shell would split', () => {
    expect(greetingText({ ...greeting, keysFile: "/srv/my data/it's" })).toContain(`$(cat '/srv/my data/it'\\''s')`)
  })

  it('gives the destination_conf with PUBLIC_URL', () => {
    expect(greetingText({ ...greeting, publicUrl: 'https://logs.example.com/' })).toContain(
      'https://logs.example.com/plain/batch?header_X-SEKOIAIO-INTAKE-KEY=',
    )
  })
})
