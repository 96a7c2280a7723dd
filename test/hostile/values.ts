import type { JsonValue } from '../../src/core/json.ts'
import type { Chance } from './chance.ts'

/** Made at run time, so that no text of a file is a secret. */
export const canary = ['canary', 'of', 'the', 'environment', String(process.pid * 7919)].join('-')
export const outsideCanary = ['canary', 'outside', String(process.pid * 104_729)].join('-')

/** The environment of a hostile run: secrets under names that say so, and under names that do not. */
export const hostileEnvironment: Readonly<Record<string, string>> = {
  CI_JOB_TOKEN: canary,
  VAULT_ID_TOKEN_OF_OTHERS: canary,
  DEPLOY_PASSWORD: canary,
  AWS_SECRET_ACCESS_KEY: canary,
  CI_REPOSITORY_URL: `https://gitlab-ci-token:${canary}@gitlab.example.com/a/b.git`,
  HARMLESS: `copied ${canary} here`,
  PLAIN: 'plain text',
}

/** What a merge request would list in vaultwright.yaml to read all of it. */
export const everyName = [...Object.keys(hostileEnvironment), 'PATH', 'constructor', '__proto__', 'toString']

/** Texts that terminals, Markdown, HTML, GitLab, spreadsheets, shells, paths and prototypes take for more than texts. */
export const hostileTexts: readonly string[] = [
  '\u001b[31mred',
  '\u001b]0;title\u0007',
  '\u202egnp.exe',
  'zero\u200bwidth\u2066',
  '\u00ad\u061c\u3164',
  'a\rb',
  '\n/close\n',
  'x\n/approve @hostile\n',
  '\u2028/close',
  '\n# hostile heading\n',
  '<hostile-tag onload=1>',
  '</code></pre><hostile-tag>',
  '</script><!-- -->',
  ']]><hostile-tag/>',
  '[hostile](https://evil.invalid)',
  '![hostile](https://evil.invalid/x.png)',
  '@hostile and ~"label" and !1 and #1',
  '```\n/close\n```',
  '`hostile` | cell',
  '=HYPERLINK("https://evil.invalid")',
  '+1+1',
  '@SUM(A1)',
  '-2+3',
  '${env:CI_JOB_TOKEN}',
  '${env:CI_REPOSITORY_URL}',
  '${env:HARMLESS}',
  '${env:constructor}',
  '${env:PLAIN}',
  '${',
  '$${',
  '${unknown}',
  '${${environment}}',
  '{{identity.entity.name}}',
  '{{',
  '*',
  '*a'.repeat(60),
  '+/+/+',
  '..',
  '.',
  '../../outside.yaml',
  '/etc/passwd',
  '/proc/self/environ',
  '.git/config',
  '%2e%2e%2f',
  'a?list=true#x',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '\ud800',
  'x'.repeat(3000),
  '9'.repeat(400),
  '1e999',
  '',
  ' ',
  '"',
  "'",
  '\\',
  '$(id)',
  '; id',
  'https://user:pass@evil.invalid',
  'http://169.254.169.254/latest',
]

/** What stands in YAML and JSON texts where nobody expects it. */
const hostileFragments: readonly string[] = [
  ...hostileTexts,
  '&a [*a]',
  '*unknown',
  '<<: {a: 1}',
  '? {a: b}\n: c',
  '!!js/function "x"',
  '!reference [a, b]',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '[[[[[[[[',
  '{{{{{{{{',
  '- - - - -',
  '\t',
  ': ',
  '|\n  ',
  '"unclosed',
  '<<EOF\nx\nEOF\n',
  '\u0000',
  '\ufeff',
  '__proto__: {polluted: true}\n',
  '"__proto__":{"polluted":true},',
]

export function hostileValue(random: Chance, depth = 0): JsonValue {
  const some = () => hostileValue(random, depth + 1)
  switch (random.below(depth > 3 ? 6 : 9)) {
    case 0:
      return null
    case 1:
      return random.pick([0, -1, 1.5, 1e21, -0, 2 ** 53, 86_400])
    case 2:
      return random.once(2)
    case 6:
      return Array.from({ length: random.below(4) }, some)
    case 7:
      return Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.pick(hostileTexts), some()]))
    case 8:
      return { file: random.pick(hostileTexts) }
    default:
      return random.pick(hostileTexts)
  }
}

/** The value with some of its texts replaced by hostile ones: what it is remains, so it gets further. */
export function spoiled(value: JsonValue, random: Chance, odds: number): JsonValue {
  if (typeof value === 'string')
    return random.once(odds) ? random.pick([value, '', 'a']) + random.pick(hostileTexts) : value
  if (Array.isArray(value)) return value.map((item: JsonValue) => spoiled(item, random, odds))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, spoiled(inner, random, odds)]))
}

/** The value with some of its parts replaced, renamed, doubled or taken away. */
export function mutated(value: JsonValue, random: Chance, odds: number): JsonValue {
  if (random.once(odds)) return hostileValue(random)
  if (Array.isArray(value)) {
    const items = value.map((item: JsonValue) => mutated(item, random, odds))
    return random.once(odds) ? [...items, hostileValue(random), ...items] : items
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const kept = [random.once(odds) ? random.pick(hostileTexts) : key, mutated(inner, random, odds)] as const
      return random.once(4 * odds) ? [] : random.once(2 * odds) ? [kept, [random.pick(hostileTexts), inner]] : [kept]
    }),
  )
}

/** The text with fragments put in, or parts cut out or repeated. */
export function garbled(text: string, random: Chance): string {
  let garbled = text
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(garbled.length + 1)
    const end = Math.min(garbled.length, at + random.below(40))
    const put = random.pick([random.pick(hostileFragments), garbled.slice(at, end).repeat(3), ''])
    garbled = garbled.slice(0, at) + put + garbled.slice(random.once(2) ? at : end)
  }
  return garbled
}
