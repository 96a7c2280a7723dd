import { expect, test } from 'vitest'
import { parseNetwork } from '../../../src/access/login/cidr.ts'

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['10.0.0.1/32', '10.0.0.1'],
  ['10.0.0.5/8', '10.0.0.5/8'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['::1/128', '::1'],
  ['FE80::0001/64', 'fe80::1/64'],
  ['2001:0db8:0:0:0:0:0:1', '2001:db8::1'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['1.2.3.4:80', '1.2.3.4:80'],
])('%s is stored as %s', (text, stored) => {
  expect(parseNetwork(text)?.text).toBe(stored)
})

test.each(['', 'x', 'localhost', '010.0.0.1', '1.2.3', '1.2.3.4:99999', 'fe80::1%eth0'])('%j is no address', (text) => {
  expect(parseNetwork(text)).toBeUndefined()
})
