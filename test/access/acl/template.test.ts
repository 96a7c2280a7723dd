import { describe, expect, test } from 'vitest'
import { fillTemplate, forbiddenInTemplates, type TemplateContext } from '../../../src/access/acl/template.ts'
import { policy } from './policies.ts'

const context: TemplateContext = {
  entity: {
    id: 'e-1',
    name: 'ci',
    metadata: { team: 'ops', empty: '' },
    aliases: [
      { mountAccessor: 'auth_jwt_1', id: 'al-1', name: '42', metadata: { ref: 'main' }, customMetadata: { k: 'v' } },
    ],
  },
  groups: [
    { id: 'g-0', name: 'builders', namespace: 'elsewhere', metadata: { kind: 'other' } },
    { id: 'g-1', name: 'builders', metadata: { kind: 'bot' } },
  ],
  now: 1_700_000_000_999,
  namespace: '',
  forbidden: [],
}

const filled = (path: string, more: Partial<TemplateContext> = {}) => fillTemplate(path, { ...context, ...more })

describe('A template becomes', () => {
  test.each([
    ['{{identity.entity.id}}', 'e-1'],
    ['a/{{ identity.entity.name }}/b/{{identity.entity.metadata.team}}*', 'a/ci/b/ops*'],
    ['x{{identity.entity.metadata.empty}}y', 'xy'],
    ['{{identity.entity.aliases.auth_jwt_1.name}}', '42'],
    ['{{identity.entity.aliases.auth_jwt_1.id}}', 'al-1'],
    ['{{identity.entity.aliases.auth_jwt_1.metadata.ref}}', 'main'],
    ['{{identity.entity.aliases.auth_jwt_1.custom_metadata.k}}', 'v'],
    ['{{identity.groups.names.builders.id}}', 'g-1'],
    ['{{identity.groups.names.builders.metadata.kind}}', 'bot'],
    ['{{identity.groups.ids.g-0.name}}', 'builders'],
    ['{{time.now}}', '1700000000'],
    ['{{time.now.plus.1h}}', '1700003600'],
    ['{{time.now.minus.90}}', '1699999910'],
    ['no template', 'no template'],
  ])('%s → %s', (path, text) => {
    expect(filled(path)).toEqual({ text })
  })
})

describe('A template becomes nothing', () => {
  test.each([
    '{{identity.entity.metadata.absent}}',
    '{{identity.entity.metadata}}',
    '{{identity.entity.aliases.auth_jwt_2.name}}',
    '{{identity.entity.aliases.auth_jwt_1}}',
    '{{identity.entity.aliases.auth_jwt_1.metadata.absent}}',
    '{{identity.entity.groups.names}}',
    '{{identity.groups.names.strangers.id}}',
    '{{identity.groups.names.builders.metadata.absent}}',
    '{{identity.groups.builders}}',
    '{{time.now.plus}}',
    '{{time.now.times.1h}}',
    '{{time.now.plus.soon}}',
    '{{time.then}}',
    '{{something}}',
    '{{}}',
    'a}}b',
    '{{identity.entity.id}}}}',
  ])('for %s', (path) => {
    expect(filled(path)).toEqual({ error: expect.any(String) })
  })

  test('for a name that is empty', () => {
    expect(filled('{{identity.entity.name}}', { entity: { name: '' } })).toHaveProperty('error')
  })

  test('for groups of a token that has none', () => {
    expect(filled('{{identity.groups.names.builders.id}}', { groups: [] })).toHaveProperty('error')
  })
})

describe('What a value may not hold', () => {
  const bao = { product: 'openbao', version: '2.6.0' } as const

  test('is nothing on Vault and on OpenBao before 2.6', () => {
    expect(forbiddenInTemplates({ product: 'vault', version: '1.21.0' }, policy('p'))).toEqual([])
    expect(forbiddenInTemplates({ product: 'openbao', version: '2.5.9' }, policy('p'))).toEqual([])
  })

  test('is what changes a path, on OpenBao since 2.6, unless the policy allows it', () => {
    expect(forbiddenInTemplates(bao, policy('p'))).toEqual(['/', '*', '+'])
    expect(forbiddenInTemplates(bao, { allowSlashesInIdentityTemplates: true })).toEqual(['*', '+'])
    expect(forbiddenInTemplates(bao, { allowWildcardsInIdentityTemplates: true })).toEqual(['/'])
  })

  test('leaves the block out', () => {
    const entity = { name: 'a/b' }
    expect(filled('{{identity.entity.name}}', { entity, forbidden: ['/'] })).toHaveProperty('error')
    expect(filled('x/{{identity.entity.name}}', { entity, forbidden: ['*'] })).toEqual({ text: 'x/a/b' })
  })
})
