import { describe, expect, test } from 'vitest'
import { readRegistered } from '../../../src/access/login/registered.ts'

describe('the claims that JWT knows', () => {
  test.each(['iss', 'ISS', 'isS', 'iſs', 'Iſſ'])('count as %s', (name) => {
    expect(readRegistered({ [name]: 'https://gitlab.example.com' })).toMatchObject({
      iss: 'https://gitlab.example.com',
    })
  })

  test.each(['is', 'iss ', 'ıss', 'issuer', ''])('are not called %j', (name) => {
    expect(readRegistered({ [name]: 'x' })).toMatchObject({ iss: '' })
  })

  test('of two spellings the last in the order of bytes counts', () => {
    expect(readRegistered({ iss: 'lower', ISS: 'upper' })).toMatchObject({ iss: 'lower' })
    expect(readRegistered({ ISS: 'upper', iſs: 'long', iss: 'lower' })).toMatchObject({ iss: 'long' })
  })
})
