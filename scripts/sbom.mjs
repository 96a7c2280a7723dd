/**
 * What is in the bundle, as CycloneDX (https://cyclonedx.org/docs/1.5/json/): the packages that the bundler really took
 * modules from, with version, license and checksum as package-lock.json pins them. The same sources give the same bytes:
 * no time, no serial number, nothing of the machine.
 */
import { readFileSync } from 'node:fs'

/** `modules` are the paths of all modules in the bundle. Gives JSON. */
export function softwareBill(modules, root) {
  const manifest = json(`${root}/package.json`)
  const locked = json(`${root}/package-lock.json`).packages
  const paths = [...new Set(modules.flatMap(packagePath))].sort()
  const application = component('application', manifest.name, manifest)
  const libraries = paths.map((path) => component('library', nameOf(path), locked[path]))
  const dependencies = [
    { ref: application['bom-ref'], dependsOn: paths.filter((path) => isDirect(manifest, path)).map(referTo) },
    ...paths.map((path) => ({ ref: referTo(path), dependsOn: neededBy(path) })),
  ]
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    ...{ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 },
    metadata: { lifecycles: [{ phase: 'build' }], component: application },
    components: libraries,
    dependencies,
  }
  return `${JSON.stringify(bill, undefined, 2)}\n`

  function referTo(path) {
    return `${nameOf(path)}@${locked[path].version}`
  }

  /** Of those in the bundle; what was left out of it, such as axios, is nothing that anybody gets. */
  function neededBy(path) {
    const { dependencies = {}, peerDependencies = {} } = locked[path]
    const names = Object.keys({ ...dependencies, ...peerDependencies })
    const nearest = (name) => [`${path}/node_modules/${name}`, `node_modules/${name}`].find((one) => locked[one])
    return names
      .map(nearest)
      .filter((found) => paths.includes(found))
      .map(referTo)
      .sort()
  }
}

/** The path in package-lock.json of the package that a module is of; none for our own. */
export function packagePath(module) {
  const [path] = /node_modules\/(?:@[^/]+\/)?[^/]+(?:\/node_modules\/(?:@[^/]+\/)?[^/]+)*/.exec(module) ?? []
  return path === undefined ? [] : [path]
}

function component(type, name, { version, license, integrity }) {
  const [scope, base] = name.startsWith('@') ? name.split('/') : [undefined, name]
  const [algorithm, checksum] = integrity?.split('-') ?? []
  return {
    'bom-ref': `${name}@${version}`,
    type,
    ...(scope === undefined ? {} : { group: scope }),
    name: base,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: [license].flat().map((one) => ({ license: typeof one === 'string' ? { id: one } : named(one) })),
    ...(algorithm === 'sha512'
      ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(checksum, 'base64').toString('hex') }] }
      : {}),
  }
}

/** Before SPDX, packages wrote a list of licenses to choose from. */
function named({ type, url }) {
  return { [/^[\w.-]+$/.test(type) ? 'id' : 'name']: type, url }
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

function isDirect({ dependencies = {}, devDependencies = {} }, path) {
  return path === `node_modules/${nameOf(path)}` && nameOf(path) in { ...dependencies, ...devDependencies }
}

function json(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
