import { createHash } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { communityId } from '../../src/mapper/community-id.ts'
import { domainParts } from '../../src/mapper/domain.ts'
import { ipBytes, isIp, normalIp } from '../../src/mapper/ip.ts'
import { sha1 } from '../../src/mapper/sha1.ts'
import { extensionOf, hostOf, splitUrl } from '../../src/mapper/url.ts'

describe('an IP address', () => {
  it('is what Node takes for one', () => {
    const near = fc
      .array(fc.constantFrom('0', '1', '25', '255', '256', 'a', 'ffff', '.', ':', '::'), { maxLength: 17 })
      .map(parts => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), near), text => {
        expect(isIp(text)).toBe(isIPv4(text) || isIPv6(text))
      }),
      { numRuns: 2000 },
    )
  })
  it('has no zone', () => {
    expect(isIp('fe80::1%eth0')).toBe(false)
  })
  it('is IPv4 when it only dresses as IPv6', () => {
    expect(normalIp('::ffff:78.197.123.35')).toBe('78.197.123.35')
    expect(normalIp('::FFFF:78.197.123.35')).toBe('78.197.123.35')
    expect(normalIp('2001:DB8::1')).toBe('2001:DB8::1')
    expect(normalIp('::ffff:78.197.123.350')).toBeUndefined()
  })
  it('has its bytes', () => {
    expect(ipBytes('192.0.2.1')).toEqual([192, 0, 2, 1])
    expect(ipBytes('2001:db8::1')).toEqual([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
  })
})

describe('SHA-1', () => {
  it('agrees with node:crypto', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expect(Buffer.from(sha1(bytes)).toString('hex')).toBe(createHash('sha1').update(bytes).digest('hex'))
      }),
    )
  })
})

describe('a community id', () => {
  const flow = (
    sourceIp: string,
    sourcePort: number,
    destinationIp: string,
    destinationPort: number,
    transport: string,
  ) => communityId({ sourceIp, sourcePort, destinationIp, destinationPort, transport })

  it('has the value of the specification, in both directions', () => {
    expect(flow('128.232.110.120', 34855, '66.35.250.204', 80, 'tcp')).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=')
    expect(flow('66.35.250.204', 80, '128.232.110.120', 34855, 'tcp')).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=')
    expect(flow('192.168.1.52', 54585, '8.8.8.8', 53, 'udp')).toBe('1:d/FP5EW3wiY1vCndhwleRRKHowQ=')
  })
  it('is the same for an ICMP request and its answer', () => {
    expect(flow('192.168.0.89', 8, '192.168.0.1', 0, 'icmp')).toBe('1:X0snYXpgwiv9TZtqg64sgzUn6Dk=')
    expect(flow('192.168.0.1', 0, '192.168.0.89', 0, 'icmp')).toBe('1:X0snYXpgwiv9TZtqg64sgzUn6Dk=')
  })
  it('does not exist for other protocols and mixed families', () => {
    expect(flow('192.0.2.1', 1, '192.0.2.2', 2, 'gre')).toBeUndefined()
    expect(flow('192.0.2.1', 1, '2001:db8::1', 2, 'tcp')).toBeUndefined()
  })
})

describe('a URL', () => {
  it('is split as it is written', () => {
    expect(splitUrl('HTTPS://Us%65r:p@Ex%61mple.COM:8443/A%20b/?q=%C3%A4&r#Frag')).toEqual({
      full: 'HTTPS://Us%65r:p@Ex%61mple.COM:8443/A%20b/?q=%C3%A4&r#Frag',
      scheme: 'HTTPS',
      username: 'Us%65r',
      password: 'p',
      domain: 'Ex%61mple.COM',
      port: 8443,
      path: '/A%20b/',
      query: 'q=%C3%A4&r',
      fragment: 'Frag',
    })
  })
  it.each([
    ['https://www.facebook.com/', { scheme: 'https', domain: 'www.facebook.com', port: 443, path: '/' }],
    ['http://a.example', { scheme: 'http', domain: 'a.example', port: 80 }],
    ['http://a.example?x=1', { scheme: 'http', domain: 'a.example', port: 80, query: 'x=1' }],
    ['http://a.example/?#', { scheme: 'http', domain: 'a.example', port: 80, path: '/' }],
    ['ftp://[2001:db8::1]:21/f', { scheme: 'ftp', domain: '[2001:db8::1]', port: 21, path: '/f' }],
    ['wss://a.example/x', { scheme: 'wss', domain: 'a.example', path: '/x' }],
  ])('%s has its parts', (text, parts) => {
    expect(splitUrl(text)).toEqual({ full: text, ...parts })
  })
  it('that begins with a slash is a path', () => {
    expect(splitUrl('/a?b=c#d')).toEqual({ path: '/a', query: 'b=c' })
  })
  it('without a scheme has no parts', () => {
    expect(splitUrl('example.com/a')).toEqual({})
  })
  it('of any text is split without an error, and no part is made up', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.string()), text => {
        const { port: _port, ...parts } = splitUrl(text)
        for (const part of Object.values(parts)) expect(text).toContain(part)
      }),
    )
  })
})

describe('a host', () => {
  it.each([
    ['example.com', 'example.com'],
    ['example.com.', 'example.com'],
    ['example.com:8443', 'example.com'],
    ['https://u@example.com:1/p?q', 'example.com'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['', undefined],
    ['.', undefined],
    ['https:///path', undefined],
  ])('of %s is %s', (text, host) => {
    expect(hostOf(text)).toBe(host)
  })
})

describe('an extension', () => {
  it.each([
    ['/a/b.html', 'html'],
    ['/.env', 'env'],
    ['/a.b/c', undefined],
    ['/a.', undefined],
    ['/a.tar.gz', 'gz'],
    ['/a.abcdefghijk', undefined],
    ['/a.b_c', undefined],
  ])('of %s is %s', (path, extension) => {
    expect(extensionOf(path)).toBe(extension)
  })
})

describe('the parts of a domain', () => {
  it.each([
    ['foO-BAR-baz.xYz', 'foO-BAR-baz.xYz', undefined, 'xYz'],
    ['objects.githubusercontent.com', 'githubusercontent.com', 'objects', 'com'],
    ['a.b.Example.co.UK', 'Example.co.UK', 'a.b', 'co.UK'],
    ['_dmarc.example.com.', 'example.com', '_dmarc', 'com'],
    ['co.uk', undefined, undefined, 'co.uk'],
    ['db.prod.internal', undefined, 'db.prod', undefined],
    ['localhost', undefined, undefined, undefined],
    ['192.0.2.1', undefined, undefined, undefined],
    ['[2001:db8::1]', undefined, undefined, undefined],
  ])('%s', (name, registered, subdomain, suffix) => {
    expect(domainParts(name)).toEqual({ registered, subdomain, suffix })
    expect(domainParts(name)).toEqual({ registered, subdomain, suffix })
  })
  it('are found for names without end in bounded memory', () => {
    for (let i = 0; i < 20_000; i++) domainParts(`h${i}.example.com`)
    expect(domainParts('h1.example.com').subdomain).toBe('h1')
    expect(domainParts(`${'a.'.repeat(1000)}example.com`)).toEqual({
      registered: undefined,
      subdomain: undefined,
      suffix: undefined,
    })
  })
})
