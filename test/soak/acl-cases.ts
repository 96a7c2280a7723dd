import fc from 'fast-check'

/** One block of a generated policy, before it is text. */
export interface GeneratedBlock {
  readonly path: string
  readonly capabilities: readonly string[]
  readonly shorthand?: string
}

export interface AclCase {
  /** A block list a policy. */
  readonly policies: readonly (readonly GeneratedBlock[])[]
  readonly json: boolean
  /** OpenBao: what `{{identity…}}` may become; ignored elsewhere. */
  readonly slashes: boolean
  readonly wildcards: boolean
  readonly questions: readonly Question[]
}

/** How to make a path out of the policies' own, so that most paths hit something. */
interface Question {
  readonly block: number
  readonly fills: readonly string[]
  readonly edits: readonly Edit[]
  readonly other: string
}

const edits = [
  'slash at the end',
  'no slash at the end',
  'slash at the beginning',
  'double slash',
  'upper case',
  'one segment more',
  'one segment less',
  'one character less',
  'one character more',
  'as written',
  'something else',
] as const

type Edit = (typeof edits)[number]

const plain = ['a', 'b', 'ab', 'abc']
const odd = [
  '',
  'A',
  'a+',
  '+a',
  'a+b',
  'a*',
  '*',
  '*a',
  '.',
  '..',
  'é',
  '日本',
  '😀',
  '\uffee',
  'a b',
  'a,b',
  '-',
  '%2F',
]

const segment = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...plain) },
  { weight: 6, arbitrary: fc.constant('+') },
  { weight: 3, arbitrary: fc.constantFrom(...odd) },
)

const ending = fc.oneof(
  { weight: 5, arbitrary: fc.constant('') },
  { weight: 7, arbitrary: fc.constantFrom('*', '/*', '/', 'a*', '/a*') },
  { weight: 1, arbitrary: fc.constantFrom('**', '/+', '//', '//*') },
)

const beginning = fc.oneof(
  { weight: 14, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom('/', '//', '+/') },
)

const anyPattern = fc
  .tuple(beginning, fc.array(segment, { minLength: 0, maxLength: 4 }), ending)
  .map(([begin, segments, end]) => begin + segments.join('/') + end)

/** Patterns that differ in little, so that the last comparisons decide. */
const closePattern = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', '+', '+'), { minLength: 3, maxLength: 4 }),
    fc.constantFrom('', '', '/*', '/a*', '/ab*', '/'),
  )
  .map(([segments, end]) => segments.join('/') + end)

const pattern = fc.oneof({ weight: 2, arbitrary: anyPattern }, { weight: 1, arbitrary: closePattern })

const shorthands = ['read', 'write', 'sudo', 'deny']

/** Blocks as policies have them, and the odd ones: empty, denied, written in shorthand, one path again and again. */
function block(capabilities: readonly string[], path: fc.Arbitrary<string> = pattern) {
  const granted = fc.oneof(
    { weight: 6, arbitrary: fc.subarray([...capabilities], { minLength: 1 }) },
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray([...capabilities]).map((some) => [...some, 'deny']) },
  )
  return fc.record(
    {
      // The server refuses `+*`, wherever it stands.
      path: path.filter((text) => !text.includes('+*')),
      capabilities: granted,
      shorthand: fc.option(fc.constantFrom(...shorthands), { freq: 10, nil: undefined }),
    },
    { noNullPrototype: true },
  ) as fc.Arbitrary<GeneratedBlock>
}

export function aclCase(
  capabilities: readonly string[],
  { questions, path }: { readonly questions: number; readonly path?: fc.Arbitrary<string> },
): fc.Arbitrary<AclCase> {
  return fc.record({
    policies: fc.array(fc.array(block(capabilities, path), { maxLength: 7 }), { minLength: 1, maxLength: 5 }),
    json: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    slashes: fc.boolean(),
    wildcards: fc.boolean(),
    questions: fc.array(question, { minLength: 1, maxLength: questions, size: 'max' }),
  })
}

/** Paths with a directive somewhere in them. */
export function templatedPattern(directives: readonly string[]): fc.Arbitrary<string> {
  const template = fc.constantFrom(...directives).map((directive) => `{{${directive}}}`)
  const piece = fc.oneof(
    { weight: 3, arbitrary: template },
    { weight: 1, arbitrary: template.map((text) => `a${text}`) },
    { weight: 3, arbitrary: fc.constantFrom('a', 'b', '+', 'ab') },
  )
  return fc
    .tuple(fc.array(piece, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '*', '/*', '/'))
    .map(([pieces, end]) => pieces.join('/') + end)
}

const question = fc.record({
  block: fc.nat(60),
  fills: fc.array(fc.constantFrom(...plain, ...odd, '+'), { minLength: 0, maxLength: 4 }),
  edits: fc.array(fc.constantFrom(...edits), { maxLength: 2 }),
  other: fc.array(fc.constantFrom(...plain, ...odd, '+'), { minLength: 1, maxLength: 4 }).map((all) => all.join('/')),
})

/** Without doubles and without what `sys/capabilities` would not take as it is: empty, or with spaces around it. */
export function pathsOf(
  { policies, questions }: AclCase,
  resolve: (path: string) => string = (path) => path,
): readonly string[] {
  const written = policies.flat().map(({ path }) => resolve(path))
  const paths = questions.map((one) => pathOf(one, written))
  return [...new Set(paths)].filter((path) => path !== '' && path.trim() === path)
}

function pathOf({ block: index, fills, edits: wanted, other }: Question, written: readonly string[]): string {
  const base = written[index % Math.max(written.length, 1)] ?? other
  return wanted.reduce((path, edit) => edited(path, edit, base, other), filled(base, fills))
}

/** A path that the pattern matches, unless something odd comes in. */
function filled(text: string, fills: readonly string[]): string {
  let next = 0
  const fill = () => fills[next++] ?? 'a'
  const segments = text.split('/').map((part) => (part === '+' ? fill() : part))
  return segments.join('/').replace(/\*$/, () => fill())
}

function edited(path: string, edit: Edit, base: string, other: string): string {
  switch (edit) {
    case 'slash at the end':
      return `${path}/`
    case 'no slash at the end':
      return path.replace(/\/$/, '')
    case 'slash at the beginning':
      return `/${path}`
    case 'double slash':
      return path.replace('/', '//')
    case 'upper case':
      return path.toUpperCase()
    case 'one segment more':
      return `${path}/b`
    case 'one segment less':
      return path.replace(/\/[^/]*$/, '')
    case 'one character less':
      return [...path].slice(0, -1).join('')
    case 'one character more':
      return `${path}b`
    case 'as written':
      return base
    case 'something else':
      return other
  }
}

/** The text of a policy: HCL, or JSON, which the server takes as well. */
export function policyText(blocks: readonly GeneratedBlock[], json = false): string {
  // In JSON one path can stand there once only.
  const single = new Set(blocks.map(({ path }) => path)).size === blocks.length
  return json && single && blocks.length > 0 ? jsonText(blocks) : blocks.map(hclText).join('\n') || '# nothing'
}

function hclText({ path, capabilities, shorthand }: GeneratedBlock): string {
  const lines = [`capabilities = ${JSON.stringify(capabilities)}`]
  if (shorthand !== undefined) lines.push(`policy = "${shorthand}"`)
  return `path ${JSON.stringify(path)} {\n  ${lines.join('\n  ')}\n}`
}

function jsonText(blocks: readonly GeneratedBlock[]): string {
  const members = blocks.map(({ path, capabilities, shorthand }) => [
    path,
    { capabilities, ...(shorthand !== undefined && { policy: shorthand }) },
  ])
  return JSON.stringify({ path: Object.fromEntries(members) })
}
