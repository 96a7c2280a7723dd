import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareValues, hasher } from '../../../src/gitlab/migrate/hash.ts'
import type { Place } from '../../../src/gitlab/migrate/inventory.ts'
import { relate } from '../../../src/gitlab/migrate/relate.ts'
import { type SourceVariable, takeVariable } from '../../../src/gitlab/migrate/take.ts'

const place: Place = { kind: 'project', name: 'company/app', id: 22 }
const project = { id: 22, path: 'company/app', default_branch: 'main', groups: ['company'], schedules: false }

function classOf(key: string, value: string | null, more: Partial<SourceVariable> = {}): string {
  return takeVariable(place, { key, value, ...more }, hasher()).class
}

/** Made here, so that no text in the repository looks like a token. */
const letters = 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8'

describe('a variable is', () => {
  test.each([
    ['A', `glpat-${letters}`],
    ['A', `ghp_${letters}${letters}`],
    ['A', `AKIA${'ABCDEFGH12345678'}`],
    ['A', `-----BEGIN RSA ${'PRIVATE'} KEY-----\nx\n-----END`],
    ['A', `eyJhbGciOi.${letters}.${letters}`],
    ['A', 'postgres://app:pw@db.example.com/app'],
    ['A', 'Server=db;Password=pw;'],
    ['A', `{"type": "service_account", "private_key": "x"}`],
    ['A', letters],
    ['DB_PASSWORD', 'short'],
    // Where name and value disagree.
    ['DB_PASSWORD', '12345'],
    ['DB_PASSWORD', 'a.b.c'],
    ['API_TOKEN', '$ecret'],
  ])('a secret: %s (%#)', (key, value) => {
    expect(classOf(key, value)).toBe('secret')
  })

  test.each([
    ['DEBUG', 'true'],
    ['USE_TOKEN', 'false'],
    ['DB_PASSWORD', ''],
    ['WORKERS', '4'],
    ['RUBY', '3.4.1'],
    ['API_URL', 'https://api.example.com/v1'],
    ['TARGET', 'db.internal.example.com:5432'],
    ['LOG_LEVEL', 'info'],
    ['CA_CERT', '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----'],
    ['WHERE', '${HOST}:$PORT'],
  ])('configuration: %s=%s', (key, value) => {
    expect(classOf(key, value)).toBe('configuration')
  })

  test('a file, unless it holds nothing but certificates', () => {
    expect(classOf('CONFIG', 'a: 1', { variable_type: 'file' })).toBe('file')
    const certificate = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----'
    expect(classOf('CA', certificate, { variable_type: 'file' })).toBe('configuration')
    expect(classOf('CA', `# ours\n${certificate}\n\n${certificate}\n`, { variable_type: 'file' })).toBe('configuration')
    expect(classOf('BUNDLE', `${certificate}\nhunter2`, { variable_type: 'file' })).toBe('file')
    expect(classOf('BUNDLE_PASSWORD', `${certificate}\nhunter2`)).toBe('secret')
    expect(classOf('KEYS', 'ssh-rsa AAAA me\nhunter2', { variable_type: 'file' })).toBe('file')
  })

  test('unknown where nothing speaks for anything', () => {
    expect(classOf('GREETING', 'hello you')).toBe('unknown')
  })

  test('a secret where somebody masked or hid it', () => {
    expect(classOf('GREETING', 'hello', { masked: true })).toBe('secret')
    expect(classOf('GREETING', null)).toBe('secret')
    expect(classOf('GREETING', 'kept', { hidden: true })).toBe('secret')
    expect(classOf('DEBUG', 'true', { masked: true })).toBe('configuration')
  })

  test('an address with a token in its path is not called plain', () => {
    expect(classOf('NOTIFY_URL', `https://chat.example.com/hook/${letters}`)).not.toBe('configuration')
  })
})

test('no inventory holds a value, or a part of one', () => {
  const value = fc.string({ minLength: 6, maxLength: 40, unit: 'grapheme' }).map((text) => `§${text}§`)
  const flags = fc.record({ masked: fc.boolean(), hidden: fc.boolean(), raw: fc.boolean() })
  const variable = fc.tuple(fc.constantFrom('A', 'B_TOKEN', 'C_URL', 'D'), value, flags, fc.constantFrom('*', 'x'))
  fc.assert(
    fc.property(fc.array(variable, { maxLength: 8 }), (given) => {
      const keys = hasher()
      const taken = given.map(([key, text, more, scope]) =>
        takeVariable(place, { key, value: text, ...more, environment_scope: scope }, keys),
      )
      const text = JSON.stringify(relate(taken, [project], keys))
      expect(text).not.toContain('§')
      for (const [, secret] of given) expect(text).not.toContain(JSON.stringify(secret).slice(2, -2))
    }),
  )
})

describe('hashes', () => {
  test('of one run are equal for equal values, and say nothing across runs', () => {
    const [one, other] = [hasher(), hasher()]
    expect(one.hash('a')).toBe(one.hash('a'))
    expect(one.hash('a')).not.toBe(one.hash('b'))
    expect(one.hash('a')).not.toBe(other.hash('a'))
    expect(one.keyId).toBeNull()
  })

  test('with a kept key are the same in every run, and the key can be told by its name', () => {
    const key = Buffer.alloc(32, 7)
    expect(hasher(key).hash('a')).toBe(hasher(key).hash('a'))
    expect(hasher(key).keyId).toBe(hasher(key).keyId)
    expect(hasher(key).keyId).not.toBe(hasher(Buffer.alloc(32, 8)).keyId)
  })

  test('find what a shell or an editor added at the end', () => {
    expect(compareValues('a', 'a')).toBe('equal')
    expect(compareValues('a', 'a\n')).toBe('line-ends')
    expect(compareValues('a\r\nb', 'a\nb')).toBe('line-ends')
    expect(compareValues('a', 'a ')).toBe('different')
  })
})

describe('what variables mean for each other', () => {
  const keys = hasher()
  const related = (...given: (readonly [Place, SourceVariable])[]) =>
    relate(
      given.map(([where, source]) => takeVariable(where, source, keys)),
      [project],
      keys,
    )

  test('equal secrets are found, equal configuration is not of interest', () => {
    const same = related(
      [place, { key: 'A_TOKEN', value: 'same' }],
      [
        { kind: 'group', name: 'company', id: 7 },
        { key: 'B_TOKEN', value: 'same' },
      ],
      [place, { key: 'X', value: 'true' }],
      [place, { key: 'Y', value: 'true' }],
    )
    expect(same.map(({ key, duplicates }) => [key, duplicates])).toEqual([
      ['B_TOKEN', ['project company/app: A_TOKEN']],
      ['A_TOKEN', ['group company: B_TOKEN']],
      ['X', []],
      ['Y', []],
    ])
  })

  test('names in a value are kept only where there is such a variable', () => {
    const [url] = related(
      [place, { key: 'DSN', value: 'x://$USER:${NOT_THERE}@h' }],
      [place, { key: 'USER', value: 'app' }],
    ).filter(({ key }) => key === 'DSN')
    expect(url?.mentions).toEqual(['USER'])
    expect(url?.warnings).toContainEqual(expect.stringContaining('expands other variables'))
  })

  test.each([
    ['x://$USER@h', true],
    ['${CI_JOB_ID}', true],
    ['a$$b', true],
    ['costs 5$', undefined],
    ['pa$9x', undefined],
  ])('a value such as %s is marked as expanded: %s', (value, expands) => {
    expect(takeVariable(place, { key: 'A', value }, hasher()).expands).toBe(expands)
    expect(takeVariable(place, { key: 'A', value, raw: true }, hasher()).expands).toBeUndefined()
  })

  test('open secrets are warned about, open configuration is not', () => {
    const [secret, plain] = related([place, { key: 'A_TOKEN', value: 'x' }], [place, { key: 'B', value: 'true' }])
    expect(secret?.warnings).toEqual([expect.stringContaining('not masked'), expect.stringContaining('not protected')])
    expect(plain?.warnings).toEqual([])
  })
})
