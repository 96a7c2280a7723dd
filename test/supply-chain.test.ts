import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type OutputOptions, type RolldownOptions, rolldown } from 'rolldown'
import { describe, expect, test } from 'vitest'
import { repository } from './support/program.ts'

const run = promisify(execFile)

interface Config extends RolldownOptions {
  readonly output: OutputOptions
}

interface Bill {
  packagePath(module: string): readonly string[]
  softwareBill(modules: readonly string[], root: string): string
}

const { packagePath, softwareBill } = (await import(join(repository, 'scripts/sbom.mjs'))) as Bill
const text = (path: string) => readFileSync(join(repository, path), 'utf8')

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

interface Locked {
  readonly version: string
  readonly license?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly hasInstallScript?: boolean
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
}

interface Component {
  readonly purl: string
  readonly licenses: readonly { readonly license: { readonly id?: string; readonly name?: string } }[]
  readonly hashes?: readonly unknown[]
}

const manifest: Manifest = JSON.parse(text('package.json'))
const lock: { readonly lockfileVersion: number; readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  text('package-lock.json'),
)
const locked = Object.entries(lock.packages).filter(([path]) => path !== '')

describe('packages', () => {
  test('are few, exact, and each has a row in CONTRIBUTING.md that says what it is for and instead of what', () => {
    expect(manifest.dependencies).toBeUndefined()
    const section = text('CONTRIBUTING.md').split('## Dependencies')[1]?.split('\n## ')[0] ?? ''
    const rows = [...section.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)]
    const named = rows.flatMap(([, names = '']) => names.split(', '))
    expect(named.filter((name) => name !== 'package').sort()).toEqual(Object.keys(manifest.devDependencies).sort())
    expect(rows.filter((row) => row.slice(1).some((cell) => cell?.trim() === ''))).toEqual([])
    expect(Object.values(manifest.devDependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  test('run nothing when they are installed, and neither does this one', () => {
    expect(locked.filter(([, entry]) => entry.hasInstallScript)).toEqual([])
    const hooks = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare', 'dependencies']
    expect(hooks.filter((hook) => hook in manifest.scripts)).toEqual([])
  })

  test('are pinned by checksum and from no host in particular', () => {
    expect(lock.lockfileVersion).toBe(3)
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
    const unpinned = locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
    const explained = unpinned.filter(
      ([path, { dev, optional, os, cpu }]) =>
        dev && optional && os && cpu && /^node_modules\/@(biomejs\/cli|oxc-parser\/binding)-/.test(path),
    )
    expect(unpinned).toEqual(explained)
  })
})

describe('the bundle', () => {
  const bill: { readonly components: readonly Component[] } = JSON.parse(text('dist/sbom.cdx.json'))
  const purls = bill.components.map(({ purl }) => purl)

  test('is made again byte by byte, of the packages that its SBOM lists and otherwise of sources of this repository', async () => {
    const { default: config } = (await import(join(repository, 'rolldown.config.mjs'))) as { readonly default: Config }
    const bundle = await rolldown({ ...config, cwd: repository, plugins: [] })
    const { output } = await bundle.generate(config.output)
    await bundle.close()
    const chunks = output.flatMap((chunk) => (chunk.type === 'chunk' ? [chunk] : []))
    expect(chunks.filter(({ fileName, code }) => text(join('dist', fileName)) !== code)).toEqual([])
    const scripts = readdirSync(join(repository, 'dist')).filter((name) => name.endsWith('.js'))
    expect(scripts.sort()).toEqual(chunks.map(({ fileName }) => fileName).sort())
    const modules = chunks.flatMap((chunk) => Object.keys(chunk.modules))
    const used = [...new Set(modules.flatMap(packagePath))].map((path) => {
      const { name, version } = JSON.parse(text(join(path, 'package.json')))
      return `pkg:npm/${name}@${version}`
    })
    expect([...purls].sort()).toEqual(used.sort())
    const licensed = [...text('dist/LICENSES.txt').matchAll(/(?:^|-{80}\n\n)(\S+) (\S+)\n/g)]
    expect(licensed.map(([, name, version]) => `pkg:npm/${name}@${version}`).sort()).toEqual(used.sort())
    const own = modules
      .filter((module) => packagePath(module).length === 0)
      .map((module) => module.replace(repository, ''))
    expect(own.filter((module) => !/^(src\/|package\.json$|scripts\/no-axios\.cjs$|\W?rolldown)/.test(module))).toEqual(
      [],
    )
  })

  test('is described as npm describes it', async () => {
    const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
    const { stdout } = await run('npm', words, { cwd: repository, maxBuffer: 1e8 })
    const { components }: { components: readonly Component[] } = JSON.parse(stdout)
    const described = new Map(components.map(({ purl, licenses, hashes }) => [purl, { licenses, hashes }]))
    for (const { purl, licenses, hashes } of bill.components) {
      const npms = described.get(purl)
      expect([purl, hashes]).toEqual([purl, npms?.hashes])
      // npm has no words for the lists of licenses that packages had before SPDX.
      if (npms?.licenses !== undefined) expect([purl, licenses]).toEqual([purl, npms.licenses])
    }
  })

  test('has a list that is the same for the same sources, and says nothing of the machine', () => {
    const modules = ['/a/node_modules/zod/index.js', '/a/src/cli.ts', '/a/node_modules/node-vault/src/index.js']
    const made = softwareBill(modules, repository)
    expect(
      softwareBill(
        [...modules].reverse().map((path) => path.replace('/a/', '/b/c/')),
        repository,
      ),
    ).toBe(made)
    expect(text('dist/sbom.cdx.json')).not.toMatch(/timestamp|serialNumber|"\/|file:|\d{4}-\d\d-\d\d/)
  })

  test('holds nothing whose license asks for more than to be named', () => {
    const named = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Public Domain']
    const others = bill.components.filter(
      ({ licenses }) => !licenses.every(({ license: { id, name } }) => named.includes(id ?? name ?? '')),
    )
    expect(others).toEqual([])
  })
})

test('the tarball holds the program, its documents, and nothing else', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { cwd: repository })
  const [{ files }] = JSON.parse(stdout) as [{ files: readonly { readonly path: string; readonly mode: number }[] }]
  const documents = readdirSync(join(repository, 'docs')).map((name) => `docs/${name}`)
  const built = readdirSync(join(repository, 'dist')).map((name) => `dist/${name}`)
  const top = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']
  expect(files.map(({ path }) => path).sort()).toEqual([...top, ...documents, ...built].sort())
  expect(built.filter((name) => !/\/([\w-]+\.js|LICENSES\.txt|sbom\.cdx\.json)$/.test(name))).toEqual([])
  expect(files.filter(({ mode }) => (mode & 0o111) !== 0).map(({ path }) => path)).toEqual(['dist/cli.js'])
})
