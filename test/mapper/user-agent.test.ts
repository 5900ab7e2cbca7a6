import { describe, expect, it } from 'vitest'
import { MAX_PARSED_CHARS, parseUserAgent } from '../../src/mapper/user-agent.ts'
import { cpuMs } from '../helpers/cpu-time.ts'

describe('parseUserAgent', () => {
  it('gives the published case', () => {
    const agent =
      'Mozilla/5.0 (Linux; U; Android 4.4.2; en-US; HM NOTE 1W Build/KOT49H) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 UCBrowser/11.0.5.850 U3/0.8.0 Mobile Safari/534.30'
    expect(parseUserAgent(agent)).toEqual({
      name: 'UC Browser',
      version: '11.0.5',
      os: { name: 'Android', version: '4.4.2' },
      device: { name: 'XiaoMi HM NOTE 1W' },
    })
  })

  it('names a tool without a system', () => {
    expect(parseUserAgent('curl/7.88.1')).toEqual({
      name: 'curl',
      version: '7.88.1',
      os: { name: 'Other' },
      device: { name: 'Other' },
    })
  })

  it('puts groups into replacements and leaves out versions that are not there', () => {
    expect(parseUserAgent('Mozilla/5.0 (Windows NT 6.1) Gecko/2010 Minefield/4.0.1pre')).toEqual({
      name: 'Firefox (Minefield)',
      version: '4.0.1pre',
      os: { name: 'Windows', version: '7' },
      device: { name: 'Other' },
    })
    expect(parseUserAgent('Mozilla/5.0 (X11; Linux x86_64) Opera Mobi')).not.toHaveProperty('version')
  })

  it('says Other for what no rule knows, the empty text too', () => {
    const other = { name: 'Other', os: { name: 'Other' }, device: { name: 'Other' } }
    expect(parseUserAgent('')).toEqual(other)
    expect(parseUserAgent('\u0000\uD800 __proto__')).toEqual(other)
    expect(parseUserAgent('x'.repeat(1_000_000))).toEqual(other)
  })

  it('answers the same again, and looks no further than its limit', () => {
    const agent = `Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/120.0 ${'x'.repeat(MAX_PARSED_CHARS)}`
    expect(parseUserAgent(agent)).toEqual(parseUserAgent(`${agent}; Googlebot/2.1`))
    expect(parseUserAgent(`${' '.repeat(MAX_PARSED_CHARS)}curl/8.0.0`).name).toBe('Other')
  })

  it('takes hostile texts in a few milliseconds', () => {
    const hostile = [
      'MozillaMobile',
      '; HTC ',
      'Ky6;SC-6575 ',
      'Windows Phone a; IEMobile/1; ',
      'Android Application a - ',
      'crawl',
      'iPadVersion/1.1',
    ]
    for (const [i, text] of hostile.entries()) {
      const tail = 'Flipboard Instagram Onefootball/Android PetalBot Phantom/ios spider'
      const from = cpuMs()
      for (let n = 0; n < 20; n++) parseUserAgent(`${text.repeat(1000).slice(0, 900)}${tail}${i}${n}`)
      expect((cpuMs() - from) / 20, text).toBeLessThan(25)
    }
  })
})
