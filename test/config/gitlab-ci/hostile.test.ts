import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ciDiagnostics } from '../../../src/config/gitlab-ci/diagnostics.ts'
import { pathMatcher } from '../../../src/config/gitlab-ci/files.ts'
import { ciReader } from '../../../src/config/gitlab-ci/read.ts'
import { expandPipeline } from '../../../src/gitlab/check/jobs.ts'
import { checkPipeline } from '../../../src/gitlab/check/run.ts'
import { diagnosticsFor } from '../../gitlab/check/world.ts'
import { temporaryFolder, withFiles } from '../../support/files.ts'

const said = async (yaml: string, files: Record<string, string> = {}) =>
  (await diagnosticsFor(yaml, { files })).map(
    ({ code, source, message }) => `${code} ${source?.file}:${source?.line} ${message}`,
  )

async function saidOf(directory: string): Promise<string[]> {
  const reader = ciReader(realpathSync(directory))
  const { content, partial, problems } = await reader.read('.gitlab-ci.yml')
  const pipeline = expandPipeline(content, partial)
  const found = checkPipeline(pipeline, { roles: [], gitlab: {}, readable: { may: () => true, why: () => undefined } })
  return ciDiagnostics([...problems, ...pipeline.problems, ...found], reader.files).map(
    ({ code, message }) => `${code} ${message}`,
  )
}

const doubling = (start: string, step: (before: string, name: string) => string, count: number) => {
  const names = [...Array(count).keys()].map((index) => `x${index}`)
  return (
    start +
    names
      .slice(1)
      .map((name, index) => step(names[index] as string, name))
      .join('')
  )
}

describe('aliases, extends and references that multiply', () => {
  test('aliases without end are refused', async () => {
    const bomb = doubling(
      '.x0: &x0 [a, a, a, a, a, a, a, a, a]\n',
      (before, name) => {
        return `.${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]\n`
      },
      9,
    )
    expect(await said(bomb)).toEqual([
      expect.stringMatching(/^too-many-aliases .*aliases blow this file up by more than 100000 values$/),
    ])
  })

  test('an alias of itself is refused', async () => {
    expect(await said('.a: &a [*a]\n')).toEqual([expect.stringMatching(/^too-many-aliases .*contains itself$/)])
  })

  test('references without end are refused', async () => {
    const bomb = doubling(
      '.x0: { script: [a, a, a, a, a, a, a, a, a] }\n',
      (before, name) => {
        return `.${name}: { script: [${Array(9).fill(`!reference [.${before}, script]`).join(', ')}] }\n`
      },
      10,
    )
    expect(await said(bomb)).toEqual([expect.stringMatching(/^too-much .*blow these files up/)])
  })

  test('bases that are extended over and over are refused', async () => {
    const bomb = doubling(
      '.x0: { extends: .missing }\n',
      (before, name) => {
        return `.${name}: { extends: [${Array(50).fill(`.${before}`).join(', ')}] }\n`
      },
      10,
    )
    expect(await said(`${bomb}job: { extends: .x9, script: [x] }\n`)).toContainEqual(
      expect.stringMatching(/^(too-much|extends-unknown) /),
    )
  })

  test('variables that double are cut short', async () => {
    const variables = [...Array(40).keys()].map((index) => `  V${index + 1}: $V${index}$V${index}\n`).join('')
    const yaml = `variables:\n  V0: a\n${variables}  VAULT_AUTH_ROLE: $V40\njob: { script: [x], secrets: { A: { vault: a/b@c } } }\n`
    expect((await said(yaml)).filter((line) => !/GLC06|GLC10/.test(line))).toEqual([])
  })
})

describe('circles', () => {
  test('jobs that extend each other', async () => {
    expect(await said('.a: { extends: .b }\n.b: { extends: .a }\n')).toContain(
      'extends-cycle .gitlab-ci.yml:2 .a extends .b extends .a: a circle',
    )
  })

  test('eleven levels of extends are taken, twelve are not', async () => {
    const chain = (count: number) =>
      `.x0: { script: [x] }\n${[...Array(count).keys()].map((index) => `.x${index + 1}: { extends: .x${index} }\n`).join('')}`
    // The last one first, so that nothing is known of those below it yet.
    const reversed = (count: number) => chain(count).split('\n').reverse().join('\n')
    expect(await said(reversed(10))).toEqual([])
    expect(await said(reversed(11))).toEqual([expect.stringMatching(/^extends-deep /)])
  })

  test('references that contain themselves', async () => {
    expect(await said('.a: { script: [!reference [.a, script]] }\n')).toEqual([
      expect.stringMatching(/^reference-cycle .*contains itself$/),
    ])
  })

  test('files that include each other', async () => {
    expect(await said('include: a.yml\n', { 'a.yml': 'include: .gitlab-ci.yml\n' })).toEqual([
      'include-cycle a.yml:1 .gitlab-ci.yml includes a.yml includes .gitlab-ci.yml: a circle',
    ])
  })

  test('a file that is included more often than GitLab allows', async () => {
    const include = `include: [${Array(151).fill('a.yml').join(', ')}]\n`
    expect(await said(include, { 'a.yml': 'job: { script: [x] }\n' })).toEqual([
      'too-many-includes .gitlab-ci.yml:1 there are more than 150 includes',
    ])
  })
})

describe('what is no file of the repository', () => {
  test('paths and links that lead out of it', async () => {
    const outside = temporaryFolder()
    writeFileSync(join(outside, 'other.yml'), 'job: { script: [x] }\n')
    const directory = withFiles({ '.gitlab-ci.yml': 'include: [../other.yml, link.yml, "/../*.yml"]\n' })
    symlinkSync(join(outside, 'other.yml'), join(directory, 'link.yml'))
    expect(await saidOf(directory)).toEqual([
      expect.stringMatching(/^include-(outside|missing) "..\/other.yml" /),
      'include-outside "link.yml" lies outside of the repository',
      'include-outside "../*.yml" leads out of the repository',
    ])
  })

  test('a folder, and a link to itself', async () => {
    const directory = withFiles({ '.gitlab-ci.yml': 'include: [folder.yml, loop.yml]\n' })
    mkdirSync(join(directory, 'folder.yml'))
    symlinkSync('loop.yml', join(directory, 'loop.yml'))
    expect(await saidOf(directory)).toEqual([
      'include-missing "folder.yml" is no file',
      'include-missing "loop.yml" cannot be read (ELOOP)',
    ])
  })

  test('a device is not read', async () => {
    const directory = withFiles({})
    symlinkSync('/dev/zero', join(directory, '.gitlab-ci.yml'))
    expect(await saidOf(directory)).toEqual([expect.stringMatching(/^unreadable ".gitlab-ci.yml" lies outside/)])
  })

  test('what is missing, too large, no text, or no YAML', async () => {
    const files = {
      'big.yml': `a: ${'x'.repeat(4_000_001)}`,
      'bin.yml': 'a: \0',
      'bad.yml': 'a: [1\nb: 2\n',
      'list.yml': '- a\n',
      'empty.yml': '',
    }
    const include = `include: [none.yml, big.yml, bin.yml, bad.yml, list.yml, empty.yml, notes.txt]\n`
    expect((await said(include, files)).map((line) => line.split(' ')[0]).sort()).toEqual(
      [
        'empty-file',
        'include-invalid',
        'include-missing',
        'include-missing',
        'include-missing',
        'no-map',
        'yaml-syntax',
      ].sort(),
    )
  })

  test('a file that is nested too deep', async () => {
    expect(await said(`a: ${'['.repeat(5_000)}${']'.repeat(5_000)}\n`)).toEqual([
      'too-deep .gitlab-ci.yml:1 the file is nested more than 100 levels deep',
    ])
  })
})

describe('includes that only GitLab can read', () => {
  test('are said, and what they may bring is not taken for missing', async () => {
    const yaml =
      'include: [{ project: a/b, file: /x.yml }, { template: X.yml }, "https://example.com/x.yml"]\njob: { extends: .theirs, script: [!reference [.theirs, script]] }\n'
    expect(await said(yaml)).toEqual([
      'include-not-read .gitlab-ci.yml:1 include: project is not read',
      'include-not-read .gitlab-ci.yml:1 include: template is not read',
      'include-not-read .gitlab-ci.yml:1 include: remote is not read',
      'extends-not-read .gitlab-ci.yml:2 ".theirs" is in none of the files that are read here',
      'reference-not-read .gitlab-ci.yml:2 !reference [.theirs, script] names what is in none of the files that are read here',
    ])
  })

  test('without them, what nobody wrote is an error that names what is near', async () => {
    const diagnostics = await diagnosticsFor('.deploy: { script: [x] }\njob: { extends: .deplyo }\n')
    expect(diagnostics).toMatchObject([{ code: 'extends-unknown', severity: 'error', help: 'Did you mean ".deploy"?' }])
  })
})

test('a wildcard takes no longer for many stars', () => {
  const fits = pathMatcher(`${'**/*'.repeat(30)}.yml`)
  expect(fits(`${'a/'.repeat(200)}b.txt`)).toBe(false)
  expect(pathMatcher('ci/*.yml')('ci/a/b.yml')).toBe(false)
  expect(pathMatcher('ci/**.yml')('ci/a/b.yml')).toBe(true)
})

test('strange shapes are no crash', async () => {
  const shapes = [
    'null',
    '[]',
    '{}',
    '1',
    'text',
    '[[]]',
    '{ a: { b: [] } }',
    '!reference []',
    '!reference [a, [b]]',
    '*x',
  ]
  for (const key of [
    'secrets',
    'id_tokens',
    'variables',
    'environment',
    'rules',
    'parallel',
    'script',
    'inherit',
    'extends',
  ])
    for (const shape of shapes) {
      await said(
        `job: { script: [x], secrets: { A: { vault: a/b@c } }, ${key}: ${shape} }\n${key}: ${shape}\ndefault: { ${key}: ${shape} }\n`,
      )
      await said(
        `job: { script: [x], secrets: { A: ${shape}, B: { vault: ${shape}, token: ${shape} } }, id_tokens: { T: ${shape}, U: { aud: ${shape} } } }\ninclude: ${shape}\n`,
      )
    }
})
