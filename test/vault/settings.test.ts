import { describe, expect, test } from 'vitest'
import { normalAddress } from '../../src/core/address.ts'
import { connectionSettings } from '../../src/vault/settings.ts'
import { resolveTarget } from '../../src/vault/target.ts'

const settings = (env: Record<string, string>) => connectionSettings(env).settings
const codes = (env: Record<string, string>) => connectionSettings(env).diagnostics.map(({ code }) => code)

describe('the variables of the servers’ command lines', () => {
  test('BAO_ goes before VAULT_, and an empty value is none', () => {
    expect(settings({ BAO_ADDR: 'https://bao', VAULT_ADDR: 'https://vault' }).address).toBe('https://bao')
    expect(settings({ BAO_ADDR: '', VAULT_ADDR: 'https://vault' }).address).toBe('https://vault')
  })

  test('a token given by name goes before an ID token, and that before the file of "vault login"', () => {
    const job = { VAULT_ID_TOKEN: 'jwt', VAULT_AUTH_ROLE: 'ci' }
    expect(settings({ VAULT_TOKEN: 't', ...job }).credentials).toMatchObject({ from: 'token', token: 't' })
    expect(settings(job).credentials).toEqual({ from: 'id-token', jwt: 'jwt', role: 'ci', mount: 'jwt' })
    expect(settings({}).credentials).toEqual({ from: 'file' })
  })

  test('VAULT_AUTH_PATH may be written with auth/ before it', () => {
    expect(
      settings({ VAULT_ID_TOKEN: 'jwt', VAULT_AUTH_ROLE: 'ci', VAULT_AUTH_PATH: 'auth/gitlab/' }).credentials,
    ).toMatchObject({ mount: 'gitlab' })
  })

  test('every variable that cannot be meant so is reported', () => {
    expect(
      codes({
        VAULT_SKIP_VERIFY: 'perhaps',
        VAULT_CLIENT_TIMEOUT: 'soon',
        VAULT_MAX_RETRIES: '-1',
        VAULT_ID_TOKEN: 'jwt',
        VAULT_CLIENT_CERT: 'a.pem',
      }),
    ).toEqual(['bad-variable', 'bad-variable', 'bad-variable', 'no-role', 'client-certificate'])
  })

  test('VAULT_CLIENT_TIMEOUT is seconds or a duration', () => {
    expect(settings({ VAULT_CLIENT_TIMEOUT: '5' }).timeout).toBe(5_000)
    expect(settings({ VAULT_CLIENT_TIMEOUT: '2m' }).timeout).toBe(120_000)
    expect(settings({}).timeout).toBe(60_000)
  })
})

describe('where a credential goes', () => {
  test('when the file and VAULT_ADDR differ, nowhere', () => {
    const target = resolveTarget(
      { address: 'https://vault.example.com' },
      settings({ VAULT_ADDR: 'https://evil.example.com' }),
    )
    expect(target).toMatchObject({ code: 'address-mismatch' })
  })

  test('another spelling is no difference', () => {
    const target = resolveTarget(
      { address: 'https://Vault.example.com:443/' },
      settings({ VAULT_ADDR: 'https://vault.example.com' }),
    )
    expect(target).toEqual({ address: 'https://vault.example.com', namespace: '' })
  })

  test('without either, nowhere', () => {
    expect(resolveTarget({}, settings({}))).toMatchObject({ code: 'no-address' })
  })

  test.each(['vault.example.com', 'ftp://vault', 'https://user:secret@vault', ''])('%j is no address', (address) => {
    expect(normalAddress(address)).toBeUndefined()
  })
})
