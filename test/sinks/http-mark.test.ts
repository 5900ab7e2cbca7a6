import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { markGzip } from '../../src/sinks/http-mark.ts'

describe('a gzip with a mark', () => {
  it('inflates to the same, and differs by its mark alone', () => {
    for (const text of ['', '{"content":"tests"}\n', 'x'.repeat(100_000)]) {
      const gzip = gzipSync(text)
      expect(gunzipSync(markGzip(gzip, 'batch dataset 0')).toString()).toBe(text)
      expect(markGzip(gzip, 'a 0')).toEqual(markGzip(gzip, 'a 0'))
      expect(markGzip(gzip, 'a 0')).not.toEqual(markGzip(gzip, 'a 1'))
    }
  })

  it('is larger than an upload test', () => {
    expect(markGzip(gzipSync('{"content":"tests"}'), 'a').length).toBeGreaterThan(512)
  })
})
