import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'rolldown'
import { packagePath, softwareBill } from './scripts/sbom.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const nothing = join(here, 'scripts/no-axios.cjs')

/**
 * The program as it is published: bundled, with its dependencies, into a few files. Loading hundreds of small modules
 * costs more than a plan of a hundred objects; and what runs is what the lockfile pins, whatever npm resolves elsewhere.
 */
export default defineConfig({
  input: 'src/cli.ts',
  platform: 'node',
  resolve: {
    // node-vault loads axios for its own transport, which is never used here: requests go through undici. debug takes
    // supports-color where a tool for development happens to have brought it.
    alias: { axios: nothing, 'supports-color': nothing },
  },
  // Without paths in comments: the same sources give the same bytes wherever they lie.
  experimental: { attachDebugInfo: 'none' },
  output: { dir: 'dist', format: 'esm', chunkFileNames: '[name]-[hash].js' },
  plugins: [{ name: 'contents', generateBundle }],
})

/** The licenses of all that was bundled, as they ask for, and the list of it. */
function generateBundle(_options, bundle) {
  const modules = Object.values(bundle).flatMap((chunk) => Object.keys(chunk.modules ?? {}))
  const texts = [...new Set(modules.flatMap(packagePath))].sort().map(license)
  this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: texts.join(`\n${'-'.repeat(80)}\n\n`) })
  this.emitFile({ type: 'asset', fileName: 'sbom.cdx.json', source: softwareBill(modules, here) })
}

function license(path) {
  const folder = join(here, path)
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file !== undefined && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : license
  return `${name} ${version}\n\n${text.trim()}\n`
}
