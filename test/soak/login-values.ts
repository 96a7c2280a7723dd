import fc from 'fast-check'
import { JsonNumber, type Written } from '../../src/access/login/json-number.ts'
import type { JsonValue } from '../../src/core/json.ts'

const texts = [
  'main',
  'MAIN',
  'refs/heads/*',
  'refs/heads/main',
  'refs/heads/feature/x',
  '*',
  'a*b*',
  'a**',
  '',
  'true',
  '1',
  '42',
  '1.0',
  'ünïcode',
  '😀',
  'a b',
  ' main ',
  'say "hi"\n\u0001\u200b',
  'https://vault.example.com',
  'x-',
  'İI',
  'long '.repeat(120),
]
const numerals = [
  '0',
  '1',
  '-1',
  '42',
  '1.0',
  '1e2',
  '1.5',
  '-0',
  '-0.5',
  '9007199254740993',
  '1e21',
  '1e-7',
  '9223372036854775807',
  '100',
]
const names = [
  'project_id',
  'ref',
  'groups',
  'num',
  'a.b',
  'NUM',
  '/deep/er',
  '/groups/0',
  '/groups/0x1',
  '/groups/',
  '/groups/-1',
  '/a~1b/c~0d',
  '/',
  '',
  '/aud',
  'é"\n',
  '__proto__',
]

const text = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...texts) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
)
export const wellFormed = text.filter((value) => !/\p{Cs}/u.test(value))
const numeral = fc.constantFrom(...numerals).map((digits) => new JsonNumber(digits))
const scalar: fc.Arbitrary<Written> = fc.oneof(
  { weight: 6, arbitrary: wellFormed },
  { weight: 2, arbitrary: numeral },
  { weight: 1, arbitrary: fc.boolean() },
)
const nested: fc.Arbitrary<Written> = fc.oneof(
  fc.constant(null),
  fc.array(scalar, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('x', 'y', 'er'), scalar, { maxKeys: 2 }),
  fc.array(fc.oneof(fc.array(scalar, { maxLength: 2 }), fc.constant(null), scalar), { maxLength: 3 }),
)
export const boundValue = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 4, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 1, arbitrary: nested },
)
/** Few are claims that the validator looks at itself: a value of another type in them hides all that comes after. */
export const name = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...names) },
  { weight: 1, arbitrary: fc.constantFrom('aud', 'iss', 'sub', 'exp') },
)

/** Anything that somebody may write into a field of another type. */
export const oddValue: fc.Arbitrary<Written> = fc.oneof(
  scalar,
  nested,
  fc.constantFrom(
    '',
    'a,b , c',
    'a=b',
    '=x',
    '1h',
    '90',
    '1h30m',
    '-5',
    '1.5h',
    '2d',
    'xd',
    '5 m',
    '0x1F',
    '1_000',
    'yes',
    'TRUE',
    'f',
  ),
  fc.constantFrom<Written>([], {}, [{}], [{ a: 'b' }, { a: 'c', d: '1' }], ['a=b', 'c=d=e'], [['a']], { a: ['b'] }),
)

export const anyClaim: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: wellFormed },
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.constantFrom<JsonValue>(0, 1, 42, 1.9, -0.5, 1e21, 1e-7, 9007199254740992, 9.3e18, true, false, null, [], {}),
  fc.constantFrom<JsonValue>(
    [1],
    ['main', 1],
    [['main']],
    [{ x: 1 }],
    { er: 'main' },
    { er: { er: 1 } },
    [true, null, ''],
    [123456, 1234567.5],
    { x: [1e6, 0.0001, 0.00001] },
  ),
)

/** In one of so many cases; null in the others. */
export function seldom<T>(cases: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: cases - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })
}
