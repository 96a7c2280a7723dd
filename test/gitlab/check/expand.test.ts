import { realpathSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { ciReader } from '../../../src/config/gitlab-ci/read.ts'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { type CiPipeline, expandPipeline } from '../../../src/gitlab/check/jobs.ts'
import { entriesOf, flatItems, get, plainOf, textsOf } from '../../../src/gitlab/check/value.ts'
import { type Files, withFiles } from '../../support/files.ts'
import { preview } from '../../support/gitlab-ci-local.ts'

/** Keys that both say in the same words. Of defaults, gitlab-ci-local knows scripts, images, caches and artifacts only. */
const compared = ['secrets', 'environment', 'tags', 'artifacts']
const scripts = ['before_script', 'script', 'after_script']

async function expanded(files: Files): Promise<CiPipeline> {
  const { content, partial } = await ciReader(realpathSync(withFiles(files))).read('.gitlab-ci.yml')
  return expandPipeline(content, partial)
}

/** The jobs that run, with what is compared of them. */
async function ours(files: Files): Promise<JsonObject> {
  const { jobs } = await expanded(files)
  const running = jobs.filter(({ hidden }) => !hidden)
  return Object.fromEntries(
    running.map(({ name, keys }) => [
      name,
      Object.fromEntries([
        ...compared.flatMap((key) => {
          const value = get(keys, key)
          return value === undefined ? [] : [[key, plainOf(value)]]
        }),
        ...scripts.flatMap((key) => {
          const lines = textsOf(get(keys, key)).map(({ text }) => text)
          return lines.length === 0 ? [] : [[key, lines]]
        }),
        ...rulesOf(flatItems(get(keys, 'rules')).map(plainOf)),
        [
          'variables',
          Object.fromEntries(
            entriesOf(get(keys, 'variables')).map(([key, { value }]) => [key, String(plainOf(value))]),
          ),
        ],
      ]),
    ]),
  )
}

/** GitLab takes lists in rules for the rules that are in them. */
function rulesOf(rules: readonly JsonValue[]): [string, JsonValue][] {
  return rules.length === 0 ? [] : [['rules', [...rules]]]
}

async function theirs(files: Files): Promise<JsonObject> {
  const document = parse(await preview(files)) as Record<string, Record<string, JsonValue>>
  const names = Object.keys(document).filter(
    (name) => !['stages', 'variables', 'default', 'workflow', 'include'].includes(name),
  )
  return Object.fromEntries(
    names.map((name) => {
      const job = document[name] ?? {}
      const variables = Object.entries((job['variables'] ?? {}) as JsonObject)
      return [
        name,
        {
          ...Object.fromEntries(
            [...compared, ...scripts].flatMap((key) => (filled(job[key]) ? [[key, job[key]]] : [])),
          ),
          ...Object.fromEntries(rulesOf([job['rules'] ?? []].flat(3) as JsonValue[])),
          variables: Object.fromEntries(variables.map(([key, value]) => [key, String(value)])),
        },
      ]
    }),
  ) as JsonObject
}

function filled(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)
}

const corpus: Readonly<Record<string, Files>> = {
  'extends merges maps and replaces lists, the last base over the first': {
    '.gitlab-ci.yml': `
.a: { variables: { X: a, A: a }, script: [a], tags: [a] }
.b: { variables: { X: b, B: b }, script: [b], secrets: { S: { vault: p/f@m, file: false } } }
.c: { extends: [.a, .b], variables: { C: c } }
job: { extends: .c, variables: { X: job }, secrets: { S: { token: $T }, U: { vault: x/y@z } } }
`,
  },
  'references are looked up after extends, also inside lists and rules': {
    '.gitlab-ci.yml': `
.base: { script: [one, two], rules: [{ if: $A }], variables: { V: base } }
.more: { extends: .base, before_script: [!reference [.base, script], before] }
job:
  before_script: !reference [.more, before_script]
  script: [!reference [.more, script], three]
  rules: [!reference [.base, rules], { if: $B, when: manual }]
  variables: { V: !reference [.base, variables, V] }
`,
  },
  'defaults are there for jobs that do not say otherwise': {
    '.gitlab-ci.yml': `
default: { before_script: [hello], after_script: [bye], artifacts: { paths: [out] } }
takes: { script: [x] }
replaces: { script: [x], before_script: [own], artifacts: { paths: [own] } }
none: { script: [x], inherit: { default: false } }
some: { script: [x], inherit: { default: [artifacts] } }
`,
  },
  'local includes are merged below the file, the later over the earlier': {
    '.gitlab-ci.yml': `
include: [a.yml, { local: /ci/b.yml }]
job: { variables: { FROM: main } }
`,
    'a.yml': 'job: { script: [a], variables: { FROM: a, A: a } }\nother: { script: [a] }\n',
    'ci/b.yml': 'include: { local: /ci/c.yml }\njob: { script: [b], variables: { FROM: b, B: b } }\n',
    'ci/c.yml': 'job: { variables: { C: c, B: c } }\nother: { script: [c] }\n',
  },
  'wildcards take the files of a folder, or of all below it': {
    '.gitlab-ci.yml': 'include: [{ local: "/ci/*.yml" }, { local: "/deep/**/*.yml" }]\n',
    'ci/a.yml': 'a: { script: [a] }\n',
    'ci/sub/no.yml': 'no: { script: [no] }\n',
    'deep/x/b.yml': 'b: { script: [b] }\n',
    'deep/x/y/c.yml': 'c: { script: [c] }\n',
  },
  'anchors and merge keys': {
    '.gitlab-ci.yml': `
.v: &v { A: 1, B: two }
.s: &s [one, two]
job:
  variables: { <<: *v, B: own }
  script: *s
`,
  },
  'inputs fill in a file, from the include or from their defaults': {
    '.gitlab-ci.yml': 'include: [{ local: /t.yml, inputs: { name: web, env: staging } }]\n',
    't.yml': `
spec:
  inputs:
    name: {}
    env: { default: production, options: [staging, production] }
    word: { default: hello }
---
"deploy-$[[ inputs.name ]]":
  environment: { name: "$[[ inputs.env ]]" }
  script: ["echo $[[ inputs.word ]] $[[ inputs.name ]]"]
`,
  },
}

describe('a pipeline is put together as gitlab-ci-local does it', () => {
  test.each(Object.entries(corpus))('%s', async (_, files) => {
    const found = await ours(files)
    expect(Object.keys(found)).not.toEqual([])
    expect(found).toEqual(await theirs(files))
  })

  test('whatever jobs extend, refer to and inherit', async () => {
    await fc.assert(
      fc.asyncProperty(pipelines(), async (files) => {
        expect(await ours(files)).toEqual(await theirs(files))
      }),
      { numRuns: 12 },
    )
  })
})

const word = fc.constantFrom('one', 'two', 'three', 'four')
const lines = fc.array(word, { minLength: 1, maxLength: 3 })
const name = fc.constantFrom('A', 'B', 'C')

/** Jobs that extend and refer to those before them only, so that there is no circle. */
function pipelines(): fc.Arbitrary<Files> {
  const part = fc.record(
    {
      script: lines,
      before_script: lines,
      variables: fc.dictionary(name, word),
      secrets: fc.dictionary(name, fc.record({ vault: fc.constant('p/f@m'), file: fc.boolean() })),
      tags: lines,
      bases: fc.array(fc.nat(3), { maxLength: 2 }),
      refer: fc.option(fc.nat(3), { nil: undefined }),
    },
    { requiredKeys: ['bases', 'refer'] },
  )
  return fc
    .record({
      parts: fc.array(part, { minLength: 2, maxLength: 5 }),
      defaults: fc.record({ after_script: lines }),
    })
    .map(({ parts, defaults }) => {
      const jobs = parts.map(({ bases, refer, ...keys }, index) => {
        const before = bases.filter((base) => base < index)
        const base = refer !== undefined && refer < index ? `.j${refer}` : undefined
        return [
          `.j${index}`,
          {
            ...keys,
            ...(before.length === 0 ? {} : { extends: before.map((one) => `.j${one}`) }),
            ...(base === undefined ? {} : { script: [`<${base}>`, 'own'] }),
          },
        ]
      })
      const last = { extends: parts.map((_, index) => `.j${index}`), script: parts.map((_, index) => `<.j${index}>`) }
      const scripted = { '.none': { script: ['nothing'] } }
      const text = stringify({ default: defaults, ...scripted, ...withScripts(Object.fromEntries(jobs)), job: last })
      return { '.gitlab-ci.yml': text.replace(/"?<(\.\w+)>"?/g, '!reference [$1, script]') }
    })
}

/** A reference needs something to refer to. */
function withScripts(jobs: Record<string, JsonObject>): JsonObject {
  return Object.fromEntries(
    Object.entries(jobs).map(([key, value]) => [key, { script: ['filled'], ...value }]),
  ) as JsonObject
}

describe('what GitLab does and gitlab-ci-local does not show', () => {
  const keysOf = async (yaml: string) =>
    (await expanded({ '.gitlab-ci.yml': yaml })).jobs.find(({ name: one }) => one === 'job')

  test('id_tokens of default are there, and a job with some of its own has only those', async () => {
    const tokens = 'default: { id_tokens: { A: { aud: a } } }\n'
    const own = async (yaml: string) =>
      entriesOf(get((await keysOf(tokens + yaml))?.keys, 'id_tokens')).map(([key]) => key)
    expect(await own('job: { script: [x] }\n')).toEqual(['A'])
    expect(await own('job: { script: [x], id_tokens: { B: { aud: b } } }\n')).toEqual(['B'])
    expect(await own('job: { script: [x], inherit: { default: [tags] } }\n')).toEqual([])
  })

  test('a value keeps the place where it is written, through extends, references and includes', async () => {
    const files = {
      '.gitlab-ci.yml': 'include: /base.yml\njob:\n  extends: .base\n  secrets: !reference [.other, secrets]\n',
      'base.yml':
        '# first line\n.base: { environment: production, script: [x] }\n.other: { secrets: { A: { vault: a/b@c } } }\n',
    }
    const job = (await expanded(files)).jobs[0]
    const at = (...path: string[]) => {
      const { file, start, end } = get(job?.keys, ...path)?.at ?? { file: { path: '', text: '' }, start: 0, end: 0 }
      return `${file.path} ${file.text.slice(start, end)}`
    }
    expect(at('environment')).toBe('base.yml production')
    expect(at('secrets', 'A', 'vault')).toBe('base.yml a/b@c')
  })

  test('on is true, 012 and 1_000 stay what a variable holds, and the last of two equal keys counts', async () => {
    const job = await keysOf('job: { script: [x], variables: { A: on, B: 012, C: 1_000, D: y, D: n } }\n')
    expect(plainOf(get(job?.keys, 'variables') as never)).toEqual({ A: true, B: '012', C: '1_000', D: 'n' })
  })

  test('functions of inputs are applied, and an input that nobody gives stays unknown', async () => {
    const files = {
      '.gitlab-ci.yml': 'include: { local: /t.yml, inputs: { name: web } }\n',
      't.yml':
        'spec: { inputs: { name: {}, open: {} } }\n---\njob: { script: ["$[[ inputs.name | truncate(0,1) ]] $[[ inputs.open ]]"] }\n',
    }
    const job = (await expanded(files)).jobs[0]
    expect(textsOf(get(job?.keys, 'script')).map(({ text }) => text)).toEqual(['w $[[ inputs.open ]]'])
  })

  test('a merge key overrides what stands above it, as Psych has it', async () => {
    const job = await keysOf('.v: &v { A: merged }\njob: { script: [x], variables: { A: own, <<: *v } }\n')
    expect(plainOf(get(job?.keys, 'variables') as never)).toEqual({ A: 'merged' })
  })
})
