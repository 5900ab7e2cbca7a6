import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { sinkProblems } from '../../src/cli/sink-problems.ts'
import { loadConfig } from '../../src/config.ts'

const dir = mkdtempSync(join(tmpdir(), 'sink-problems-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const fileOf = (text: string): string => {
  const file = join(dir, `${Math.random()}`)
  writeFileSync(file, text)
  return file
}
const problemsOf = (env: Record<string, string>) => sinkProblems(loadConfig(env, []).config)
const TLS = join(import.meta.dirname, '../sinks/http-tls')

describe('what is wrong with the files of sinks', () => {
  it('is nothing where they are good', () => {
    const [ca, cert, key] = ['ca.pem', 'client-cert.pem', 'client-key.pem'].map(name => join(TLS, name)) as [
      string,
      string,
      string,
    ]
    expect(
      problemsOf({
        ELASTICSEARCH_CA_FILE: ca,
        ELASTICSEARCH_CERT_FILE: cert,
        ELASTICSEARCH_KEY_FILE: key,
        ELASTICSEARCH_API_KEY_FILE: fileOf('c2VjcmV0\n'),
        HTTP_HEADERS_FILE: fileOf('Authorization: Bearer x\n'),
      }),
    ).toEqual([])
  })

  it('is told by the name of the setting, without what the file holds', () => {
    const SECRET = 'secret words'
    const found = problemsOf({
      ELASTICSEARCH_CA_FILE: fileOf(SECRET),
      HTTP_CERT_FILE: join(dir, 'missing'),
      HTTP_KEY_FILE: dir,
      ELASTICSEARCH_API_KEY_FILE: fileOf(SECRET),
      HTTP_HEADERS_FILE: fileOf(SECRET),
    })
    expect(found.map(problem => problem.split(':')[0])).toEqual([
      'ELASTICSEARCH_CA_FILE',
      'HTTP_CERT_FILE',
      'HTTP_KEY_FILE',
      'ELASTICSEARCH_API_KEY_FILE',
      'HTTP_HEADERS_FILE',
    ])
    expect(found.join()).not.toContain(SECRET)
    expect(found[1]).toContain('ENOENT')
    expect(problemsOf({ ELASTICSEARCH_API_KEY_FILE: fileOf(' \n') })).toHaveLength(1)
    expect(problemsOf({ ELASTICSEARCH_API_KEY: 'a\nb' })).toHaveLength(1)
  })
})
