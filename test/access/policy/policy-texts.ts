import fc from 'fast-check'

/** Texts that are policies, nearly so, and not at all: HCL and JSON by their grammar, then damaged. */

const space = fc.oneof(
  { weight: 300, arbitrary: fc.constantFrom(' ', '\n', '') },
  { weight: 60, arbitrary: fc.constantFrom('\t', '\r\n', '  ', '\n\n', '# c\n', '// c\n', '/* c */', '/* a\nb */') },
  { weight: 1, arbitrary: fc.constantFrom('\r', '\u00a0', '\v', '\f', '\u2028', '# é\r\n', '/**/', '\ufeff') },
)

const key = fc.constantFrom(
  'capabilities',
  'capabilities',
  'capabilities',
  'policy',
  'comment',
  'allowed_parameters',
  'denied_parameters',
  'required_parameters',
  'min_wrapping_ttl',
  'max_wrapping_ttl',
  'mfa_methods',
  'control_group',
  'subscribe_event_types',
  'pagination_limit',
  'expiration',
  'list_scan_response_keys_filter_path',
)
const strangeKey = fc.constantFrom(
  'Capabilities',
  'mfa',
  'x',
  'POLICY',
  'é1',
  'a-b.c',
  '_',
  'path',
  'name',
  'true',
  'ttl',
)
const anyKey = fc.oneof({ weight: 12, arbitrary: key }, { weight: 1, arbitrary: strangeKey })

const capability = fc.constantFrom(
  'create',
  'read',
  'update',
  'delete',
  'list',
  'sudo',
  'patch',
  'deny',
  'scan',
  'subscribe',
  'recover',
  'Read',
  'reed',
  '',
)

const path = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('a', 'a/*', 'a/+/b', '+', '/a/b*', 'secret/data/{{identity.entity.id}}/*', ''),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'a/+*',
      '+*',
      '{{a',
      'a}}',
      '{{a}}}}',
      '{{err}}',
      '{{a}}/{{b}}',
      '/+*',
      'a+*b',
      '+a',
      '*',
      '/',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) },
)

const escaped = fc.constantFrom(
  '\\n',
  '\\"',
  '\\\\',
  '\\t',
  '\\u00e9',
  '\\x41',
  '\\xff',
  '\\xc3\\xa9',
  '\\101',
  '\\377',
  '\\a',
  '\\U0001F600',
  '\\ud800',
  '${a}',
  '${a("b")}',
  '${"{"}}',
  '${a\nb}',
  'é',
  '😀',
  '\u2028',
  '\u0085',
  '\u200b',
  '$',
  '{',
  '%',
  "'",
)
const badlyEscaped = fc.constantFrom(
  '\\q',
  '\\400',
  '\\18',
  '\\x4',
  '\\u12',
  '\\Uffffffff',
  '\\U00110000',
  "\\'",
  '\n',
  '\0',
  '\ue123',
  '\ufffd',
  '${',
  '${\ufffd}',
  '\\',
)
const piece = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('a', 'read', 'b c', '/') },
  { weight: 8, arbitrary: escaped },
  { weight: 1, arbitrary: badlyEscaped },
)
const quoted = (inner: fc.Arbitrary<string>) => inner.map((text) => `"${text}"`)
const strangeString = quoted(fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join('')))

const number = fc.constantFrom(
  ...'0 1 42 -1 -0 0x1F 0X1f -0x1 017 08 0189 09.5 1.5 -1.5 .5 -.5 1. 1.e5 1e3 1E+3 1e-3 0e5 0.1e2 1e 1ex 1e+'.split(
    ' ',
  ),
  ...'0x 0xg 1e999 9223372036854775807 9223372036854775808 -9223372036854775808 99999999999999999999 00 1.2.3 .5e'.split(
    ' ',
  ),
)
const duration = fc.constantFrom(
  ...'1h 90s 10 1d -1s 1.5h .5s 1h30m 0 +5 5x 1 h 1µs 1d2 9223372036854775807 99999999999999999999 106752d 2562048h'.split(
    ' ',
  ),
  ...'1h\\x01 é \\" 1. . s 0s -0 2562047h47m16.854775808s -2562047h47m16.854775808s 9223372036s 9223372037 1_0'.split(
    ' ',
  ),
)
const time = fc.constantFrom(
  ...'2000-01-01T00:00:00Z 2999-12-31T23:59:59.5+01:00 2023-02-29T00:00:00Z 2999-1-1T00:00:00Z 2999-01-01T1:00:00Z'.split(
    ' ',
  ),
  ...'2999-01-01T00:00:60Z 2999-01-01t00:00:00z 2999-01-01T00:00:00 9999999999 1 -1 x 2999-01-01T00:00:00+24:60'.split(
    ' ',
  ),
  ...'2999-01-01T00:00:00+25:00 2999-01-01T00:00:00,5Z 2999-01-01T00:00:00.Z 2999-01-01T24:00:00Z 0000-01-01T00:00:00Z'.split(
    ' ',
  ),
)
const filterPath = fc.constantFrom('{{.path}}{{.key}}', '{{ .key }}', 'x', '{{.path}}', '{{- .key -}}', '{{.keys}}', '')

const heredoc = fc
  .tuple(
    fc.constantFrom('<<', '<<-', '<<', '<<-', '<<', '<<-', '<< ', '<'),
    fc.constantFrom('EOF', 'EOF', 'E', 'E', 'é', 'A1', '', 'E-F'),
    fc.array(fc.constantFrom('a', '  a', '\tb', '', 'EOF ', ' EO', '${x', '"', 'E'), { maxLength: 3 }),
    fc.constantFrom('', ' ', '  ', '\t'),
    fc.constantFrom('\n', '\n', '\n', '\r\n', '\r\r\n', ''),
  )
  .map(([mark, anchor, lines, indent, close]) =>
    [`${mark}${anchor}`, ...lines.map((line) => indent + line), `${indent}${anchor}${close}`].join('\n'),
  )

const list = (item: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.array(fc.tuple(space, item, space), { maxLength: 4 }), fc.constantFrom('', '', '', ',', ',,'))
    .map(([items, tail]) => `[${items.map((parts) => parts.join('')).join(',')}${tail}]`)

const scalar = fc.oneof(
  { weight: 6, arbitrary: quoted(fc.constantFrom('a', 'x*', '', '1')) },
  { weight: 2, arbitrary: number },
  { weight: 2, arbitrary: strangeString },
  { weight: 1, arbitrary: fc.constantFrom('true', 'false', 'null', 'word', '<<E\nx\nE\n') },
  { weight: 1, arbitrary: heredoc },
)

const { any } = fc.letrec<{ any: string; object: string; list: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: tie('object') },
    { weight: 1, arbitrary: tie('list') },
  ),
  list: list(tie('any') as fc.Arbitrary<string>),
  object: fc
    .array(
      fc
        .tuple(
          fc.oneof(
            fc.constantFrom('a', 'A', '"b"', '"*"', 'ttl', 'factor "f"', 'identity', 'approvals'),
            strangeString,
          ),
          space,
          fc.constantFrom('=', '=', '=', ''),
          space,
          tie('any') as fc.Arbitrary<string>,
          fc.constantFrom('\n', ' ', ','),
        )
        .map((parts) => parts.join('')),
      { maxLength: 3 },
    )
    .map((items) => `{${items.join('')}}`),
}))

const parameters = fc
  .array(
    fc
      .tuple(
        fc.constantFrom('a', '"*"', 'B', 'b', '"x" "y"'),
        fc.constantFrom(' = ', '=', ' = ', '= ', ' '),
        list(scalar),
      )
      .map((x) => x.join('')),
    { maxLength: 3 },
  )
  .map((items) => `{ ${items.join('\n')} }`)

const factor = fc
  .tuple(
    fc.constantFrom('factor "f"', 'factor', 'factor = '),
    fc.constantFrom('identity', 'Identity', 'other'),
    fc.constantFrom('group_ids = ["g"]', 'group_names = ["g"]', 'Group_Names = []', '', 'group_ids = "g"'),
    fc.constantFrom('approvals = 1', 'approvals = "2"', 'approvals = "0b1_1"', 'approvals = 0', '', 'approvals = "x"'),
    fc.constantFrom('', '', 'controlled_capabilities = ["read"]', 'name = 5'),
  )
  .map(([head, identity, groups, approvals, rest]) => `${head} { ${identity} { ${groups}\n${approvals} }\n${rest} }`)
const controlGroup = fc
  .tuple(fc.constantFrom('', 'ttl = "1h"', 'ttl = "x"', 'ttl = []'), fc.array(factor, { maxLength: 1 }))
  .map(([ttl, factors]) => `{ ${ttl}\n${factors.join('\n')} }`)

/** What fits a key, mostly. */
function valueFor(name: string): fc.Arbitrary<string> {
  const fitting: Readonly<Record<string, fc.Arbitrary<string>>> = {
    capabilities: list(
      fc.oneof(
        { weight: 16, arbitrary: quoted(capability) },
        { weight: 1, arbitrary: strangeString },
        { weight: 1, arbitrary: heredoc },
      ),
    ),
    policy: quoted(fc.constantFrom('read', 'write', 'sudo', 'deny', 'all', '')),
    allowed_parameters: parameters,
    denied_parameters: parameters,
    required_parameters: list(scalar),
    mfa_methods: list(scalar),
    subscribe_event_types: list(scalar),
    min_wrapping_ttl: fc.oneof(quoted(duration), number),
    max_wrapping_ttl: fc.oneof(quoted(duration), number),
    control_group: controlGroup,
    pagination_limit: fc.oneof(number, quoted(number), quoted(duration)),
    expiration: fc.oneof(quoted(time), number),
    list_scan_response_keys_filter_path: quoted(filterPath),
  }
  return fc.oneof({ weight: 6, arbitrary: fitting[name] ?? any }, { weight: 1, arbitrary: any })
}

const attribute = anyKey.chain((name) =>
  fc
    .tuple(
      fc.constantFrom(name, name, name, `"${name}"`),
      space,
      fc.oneof(
        { weight: 20, arbitrary: fc.constant('=') },
        { weight: 1, arbitrary: fc.constantFrom('', ' "l"', ' "l" "m" ', ':') },
      ),
      space,
      valueFor(name),
      fc.constantFrom('\n', '\n', ' ', ',', ',\n', ' # c\n'),
    )
    .map((parts) => parts.join('')),
)

const block = fc
  .tuple(
    fc.oneof(
      { weight: 30, arbitrary: fc.constant('path') },
      { weight: 1, arbitrary: fc.constantFrom('"path"', 'Path', 'rule') },
    ),
    space,
    fc.oneof(
      { weight: 10, arbitrary: quoted(path.map((text) => text.replace(/["\\\n]/g, ''))) },
      { weight: 2, arbitrary: strangeString },
      { weight: 1, arbitrary: fc.constantFrom('', 'word', '"a" "b"', '=', '= "a"', '<<E\na\nE\n') },
    ),
    space,
    fc.array(attribute, { maxLength: 4 }),
  )
  .map(([word, before, label, after, attributes]) => `${word} ${before}${label}${after}{ ${attributes.join('')}}`)

const top = fc.oneof(
  { weight: 12, arbitrary: block },
  {
    weight: 1,
    arbitrary: fc.constantFrom('name = "x"', 'name = 5', 'name "x" {}', 'name = ', 'name = true', 'other = 1', ',', ''),
  },
)
const hcl = fc
  .tuple(fc.array(fc.tuple(top, space), { minLength: 1, maxLength: 3 }), space)
  .map(([blocks, tail]) => `${blocks.map((parts) => parts.join('')).join('\n')}${tail}`)

const jsonScalar = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('"a"', '"read"', '"*"', '1', '1.5', 'true', 'null', '""', '"1h"') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '-1',
      '01',
      '1e3',
      '.5',
      '-',
      '"\\ud83d\\ude00"',
      '"\\/"',
      '"${a}"',
      '"\\x41"',
      'word',
      '0',
    ),
  },
)
const { jsonAny } = fc.letrec<{ jsonAny: string }>((tie) => ({
  jsonAny: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'json' },
    { weight: 3, arbitrary: jsonScalar },
    { weight: 1, arbitrary: list(tie('jsonAny') as fc.Arbitrary<string>) },
    {
      weight: 2,
      arbitrary: fc
        .array(
          fc.tuple(fc.oneof(anyKey, fc.constantFrom('a', '*', 'path', 'ttl')), tie('jsonAny') as fc.Arbitrary<string>),
          {
            maxLength: 3,
          },
        )
        .map((items) => `{${items.map(([name, value]) => `"${name}":${value}`).join(', ')}}`),
    },
  ),
}))
const jsonValueFor = (name: string) =>
  name === 'capabilities' ? fc.oneof({ weight: 4, arbitrary: list(quoted(capability)) }, jsonAny) : jsonAny
const jsonAttribute = anyKey.chain((name) => jsonValueFor(name).map((value) => `"${name}": ${value}`))
const jsonBlock = fc
  .tuple(
    quoted(path.map((text) => text.replace(/["\\\n]/g, ''))),
    fc.oneof(
      { weight: 8, arbitrary: fc.array(jsonAttribute, { maxLength: 3 }).map((items) => `{${items.join(',\n')}}`) },
      jsonAny,
    ),
  )
  .map((parts) => parts.join(':'))
const json = fc
  .tuple(
    fc.oneof(
      { weight: 30, arbitrary: fc.constantFrom('', ' ', '\n') },
      { weight: 1, arbitrary: fc.constant('\u00a0') },
    ),
    fc.constantFrom('"path"', '"path"', '"path"', '"name"', '"Path"', '"path" "b"'),
    fc.oneof(
      { weight: 6, arbitrary: fc.array(jsonBlock, { maxLength: 3 }).map((items) => `{${items.join(', ')}}`) },
      { weight: 1, arbitrary: jsonAny },
      { weight: 1, arbitrary: list(jsonBlock.map((item) => `{${item}}`)) },
    ),
    fc.constantFrom('}', '}', '}\n', '', ',"name": 1}', ', }', '} x', ',"path": {}}'),
  )
  .map(([before, name, value, tail]) => `${before}{${name}: ${value}${tail}`)

const fragment = fc.constantFrom(
  ...'" { } [ ] = , # // /* */ << <<E ${ \\ + - . : 0 1 a \n \r \0 \ue123 é 😀 \ufeff \ufffd {{ }} path'.split(' '),
  '\n',
  ' ',
  '"a"',
)
/** Where, how much, and what instead. */
const damage = fc.record({
  at: fc.nat(),
  length: fc.nat({ max: 3 }),
  put: fc.oneof(fragment, fc.constant('')),
  cut: fc.nat({ max: 30 }),
})
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never

function damaged(text: string, { at, length, put, cut }: Damage): string {
  const start = at % (text.length + 1)
  return cut === 0 ? text.slice(0, start) : text.slice(0, start) + put + text.slice(start + length)
}

const whole = fc.oneof(
  { weight: 10, arbitrary: hcl },
  { weight: 3, arbitrary: json },
  {
    weight: 1,
    arbitrary: fc.array(fc.oneof(fragment, space, scalar), { maxLength: 8 }).map((parts) => parts.join('')),
  },
)

/** Texts of a request's JSON have no halves of surrogate pairs, and are never empty here. */
const sendable = (text: string) => text.replace(/\p{Surrogate}/gu, '') || ' '

/** What comes as base64 may be no UTF-8. */
function encoded(text: string, at: number, byte: number): string {
  const bytes = Buffer.from(text)
  bytes[at % bytes.length] = byte
  return bytes.toString('base64')
}

/** Never empty; about half of them damaged, a few encoded. */
export const policyText: fc.Arbitrary<string> = fc
  .tuple(
    whole,
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<Damage[]>([]) },
      { weight: 1, arbitrary: fc.array(damage, { maxLength: 3 }) },
    ),
    fc.oneof(
      { weight: 15, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.tuple(fc.nat(), fc.nat({ max: 255 })) },
    ),
  )
  .map(([text, wounds, byte]) => {
    const sent = sendable(wounds.reduce(damaged, text))
    return byte === null ? sent : encoded(sent, ...byte)
  })
