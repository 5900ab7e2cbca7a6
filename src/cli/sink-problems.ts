import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import { parseHeaders } from '../sinks/http-headers.ts'

const CERTIFICATES = ['ELASTICSEARCH_CA_FILE', 'ELASTICSEARCH_CERT_FILE', 'HTTP_CA_FILE', 'HTTP_CERT_FILE'] as const
const KEYS = ['ELASTICSEARCH_KEY_FILE', 'HTTP_KEY_FILE'] as const
const SECRETS = ['ELASTICSEARCH_API_KEY_FILE', 'ELASTICSEARCH_PASSWORD_FILE', 'HTTP_HEADERS_FILE'] as const

/** What is wrong with the settings of the sinks that another look at them tells: files that cannot be used, headers that are none. */
export function sinkProblems(config: Config): string[] {
  const value: Record<string, string | undefined> = {
    ELASTICSEARCH_CA_FILE: config.elasticsearchCaFile,
    ELASTICSEARCH_CERT_FILE: config.elasticsearchCertFile,
    ELASTICSEARCH_KEY_FILE: config.elasticsearchKeyFile,
    ELASTICSEARCH_API_KEY_FILE: config.elasticsearchApiKeyFile,
    ELASTICSEARCH_PASSWORD_FILE: config.elasticsearchPasswordFile,
    HTTP_CA_FILE: config.httpCaFile,
    HTTP_CERT_FILE: config.httpCertFile,
    HTTP_KEY_FILE: config.httpKeyFile,
    HTTP_HEADERS_FILE: config.httpHeadersFile,
  }
  const read = (name: string, check: (text: string) => string | undefined): string[] => {
    const path = value[name]
    if (path === undefined) return []
    try {
      const problem = check(readFileSync(path, 'utf8').trim())
      return problem === undefined ? [] : [`${name}: ${path} ${problem}.`]
    } catch (error) {
      return [`${name}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`]
    }
  }
  return [
    ...CERTIFICATES.flatMap(name => read(name, text => (isCertificate(text) ? undefined : 'holds no PEM certificate'))),
    ...KEYS.flatMap(name =>
      read(name, text => (/PRIVATE KEY-----/.test(text) ? undefined : 'holds no PEM private key')),
    ),
    ...SECRETS.flatMap(name => read(name, text => (text === '' ? 'is empty' : undefined))),
    ...read('ELASTICSEARCH_API_KEY_FILE', text => (isOneWord(text) ? undefined : 'holds more than a key')),
    ...(isOneWord(config.elasticsearchApiKey ?? '') ? [] : ['ELASTICSEARCH_API_KEY: it holds more than a key.']),
    ...read('HTTP_HEADERS_FILE', text => parseHeaders(text).problems.join('; ') || undefined),
    ...parseHeaders(config.httpHeaders ?? '').problems.map(problem => `HTTP_HEADERS: ${problem}.`),
  ]
}

/** No blank and no line break, which a header cannot hold. */
const isOneWord = (text: string): boolean => !/\s/.test(text.trim())

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined
  } catch {
    return false
  }
}
