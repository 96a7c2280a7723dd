import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { withFiles } from './support/files.ts'
import { repository } from './support/program.ts'

const run = promisify(execFile)

test('the packed program installs globally without anything else, and runs', async () => {
  const folder = withFiles({})
  // The build is there already; making it anew would pull it from under the tests beside this one.
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: repository })
  const [archive = ''] = readdirSync(folder)
  const offline = ['--offline', '--no-audit', '--no-fund', '--cache', join(folder, 'cache')]
  await run('npm', ['install', '--global', '--prefix', folder, ...offline, join(folder, archive)], { cwd: folder })
  const { stdout } = await run(join(folder, 'bin/vaultwright'), ['version'], { cwd: folder })
  expect(stdout).toMatch(/^vaultwright \d+\.\d+\.\d+ /)
  const installed = join(folder, 'lib/node_modules/vaultwright')
  expect(readdirSync(installed).sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'dist',
    'docs',
    'package.json',
  ])
  expect(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))).not.toHaveProperty('dependencies')
  expect(readFileSync(join(installed, 'dist/LICENSES.txt'), 'utf8')).toContain('node-vault')
})
