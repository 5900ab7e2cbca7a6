import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createNetworks, holderOf, plainAddress } from '../../src/lib/networks.ts'

test.each([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.1.2.3/8', '10.9.9.9', true],
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.7', '192.0.2.8', false],
  ['0.0.0.0/0', '203.0.113.1', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['2001:DB8::/32', '2001:db8::1', true],
  ['::/0', '2001:db8::1', true],
  ['::/0', '192.0.2.1', false],
  ['::1', '::1', true],
  ['::ffff:10.0.0.0/104', '10.255.0.1', true],
  ['::ffff:10.0.0.0/104', '11.0.0.0', false],
  ['::FFFF:a00:0/104', '10.255.0.1', true],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7', true],
  ['::ffff:192.0.2.7', '192.0.2.8', false],
  ['::ffff:0:0/96', '203.0.113.1', true],
  ['::ffff:0:0/96', '2001:db8::1', false],
  ['::ffff:0:0/95', '203.0.113.1', false],
  ['::fffe:10.0.0.0/104', '10.0.0.1', false],
])('%s has %s: %s', (network, address, has) => {
  expect(createNetworks([network]).has(address)).toBe(has)
})

test.each([
  '',
  'x',
  '10.0.0.0/33',
  '10.0.0/8',
  '::/129',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '::1%eth0',
  'a.example',
])('%j is no network, and is named by number', text => {
  expect(() => createNetworks(['192.0.2.1', text])).toThrow('entry 2 is no network')
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['192.0.2.1:4711', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['[0:0:0:0:0:FFFF:192.0.2.1]:4711', '192.0.2.1'],
  ['::192.0.2.1', '::192.0.2.1'],
  ['[2001:db8::1]:4711', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['unknown', undefined],
  ['_hidden', undefined],
  ['', undefined],
  ['192.0.2.1, 192.0.2.2', undefined],
])('the address of %j is %s', (text, address) => {
  expect(plainAddress(text)).toBe(address)
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0DB8::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
])('what the holder of %s has is %s', (address, holder) => {
  expect(holderOf(address)).toBe(holder)
})

test('two IPv6 addresses have one holder exactly when they share the first 64 bits', () => {
  const group = fc.integer({ min: 0, max: 3 }).map(n => n.toString(16))
  const address = fc.tuple(group, group, group, group, group, group, group, group).map(groups => groups.join(':'))
  fc.assert(
    fc.property(address, address, (one, other) => {
      // The platform writes the short form of an address in a URL.
      const short = (text: string) => new URL(`http://[${text}]`).hostname.slice(1, -1)
      const front = (text: string) => text.split(':').slice(0, 4).join(':')
      expect(holderOf(short(one)) === holderOf(short(other))).toBe(front(one) === front(other))
    }),
  )
})
