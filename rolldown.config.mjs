import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'rolldown'

/**
 * The program as it is published: bundled, with its dependencies, into a few files. Loading hundreds of small modules
 * costs more than a plan of a hundred objects; and what runs is what the lockfile pins, whatever npm resolves elsewhere.
 */
export default defineConfig({
  input: 'src/cli.ts',
  platform: 'node',
  resolve: {
    // node-vault loads axios for its own transport, which is never used here: requests go through undici.
    alias: { axios: fileURLToPath(new URL('scripts/no-axios.cjs', import.meta.url)) },
  },
  output: { dir: 'dist', format: 'esm', chunkFileNames: '[name]-[hash].js' },
  plugins: [{ name: 'licenses', generateBundle }],
})

/** The licenses of all that was bundled, as they ask for. */
function generateBundle(_options, bundle) {
  const modules = Object.values(bundle).flatMap((chunk) => Object.keys(chunk.modules ?? {}))
  const folders = modules.flatMap((module) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? [])
  const texts = [...new Set(folders)].sort().map(license)
  this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: texts.join(`\n${'-'.repeat(80)}\n\n`) })
}

function license(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file !== undefined && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : license
  return `${name} ${version}\n\n${text.trim()}\n`
}
