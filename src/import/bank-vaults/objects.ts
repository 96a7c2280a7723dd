import { isEmpty, isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { asMap, asText, type DescribedObject, isPossible, mountPath } from '../sources/described.ts'
import { partSecrets, tuneShapes } from '../sources/fields.ts'
import { type Findings, shortened } from '../sources/findings.ts'
import { configData, mountRequest, type Request, roleData } from '../sources/requests.ts'
import { own, text } from '../sources/shapes.ts'
import { environmentVariable, templatedField } from './templates.ts'

/**
 * What bank-vaults writes for its configuration, by its own sources (bank-vaults internal/vault: policies.go,
 * auth_methods.go). Roles and configurations are bodies of requests to the API.
 */
export function bankVaultsObjects(configuration: JsonObject, findings: Findings): DescribedObject[] {
  const policies = listOf(configuration, 'policies', findings).flatMap((policy) => policyOf(policy, findings))
  const mounts = listOf(configuration, 'auth', findings).flatMap((mount) => mountOf(mount, findings))
  return [...policies, ...mounts].filter((object) => {
    if (isPossible(object)) return true
    findings.note(object.from, 'left out, because no server can have an object of this name')
    return false
  })
}

const target = { provider: '', address: '', namespace: '' }
const help = 'Write it as bank-vaults takes it, or leave it out.'

function listOf(map: JsonObject, key: string, findings: Findings, at = key): JsonObject[] {
  const list = own(map, key) ?? []
  if (Array.isArray(list) && list.every(isObject)) return [...(list as readonly JsonObject[])]
  findings.problem('damaged-bank-vaults', `${at} is not a list of maps`, help)
  return []
}

/** A text that names something; a number is its digits. */
function nameOf(map: JsonObject, key: string): string {
  const value = own(map, key)
  return value === undefined || value === null ? '' : asText(text.read(value))
}

const renderFirst =
  'fill the templates in first, with the "template" program of bank-vaults, or take it over from the server'

function policyOf(policy: JsonObject, findings: Findings): DescribedObject[] {
  const name = nameOf(policy, 'name')
  const rules = asText(own(policy, 'rules'))
  if (name === '' || rules === '') {
    const what = name === '' ? 'a policy has no name' : `the policy ${shortened(name)} has no rules`
    findings.problem('damaged-bank-vaults', what, help)
    return []
  }
  const from = `policy ${name}`
  if (templatedField({ name, rules }) !== undefined) {
    findings.note(from, `left out, because bank-vaults fills in its text; ${renderFirst}`)
    return []
  }
  if (rules.includes('__accessor__')) {
    findings.note(
      from,
      'left out, because bank-vaults puts the accessor of a mount into it; take it over from the server',
    )
    return []
  }
  findings.note(
    'policies',
    'bank-vaults lays their text out anew as it writes them, so the server may have another layout',
  )
  return [{ kind: 'policy', name, data: { name: name.toLowerCase(), policy: laidOut(rules) }, target, from }]
}

/** HCL's printer ends a text with one line break; what else it changes is not worth a printer here. JSON it leaves alone. */
function laidOut(rules: string): string {
  return rules.trimStart().startsWith('{') ? rules : `${rules.trim()}\n`
}

const mountKeys = ['type', 'path', 'description', 'options', 'config', 'roles']

function mountOf(auth: JsonObject, findings: Findings): DescribedObject[] {
  const type = nameOf(auth, 'type')
  if (type === '') {
    findings.problem('damaged-bank-vaults', 'an entry of auth has no type', help)
    return []
  }
  const mount = mountPath(nameOf(auth, 'path') || type)
  const from = `auth/${mount}`
  if (type !== 'jwt' && type !== 'oidc') {
    findings.note(from, 'not taken over: only mounts of type jwt and oidc are')
    return []
  }
  if (templatedField({ mount }) !== undefined) {
    findings.note(from, `left out with its roles, because bank-vaults fills in its path; ${renderFirst}`)
    return []
  }
  for (const key of Object.keys(auth))
    if (!mountKeys.includes(key)) findings.note(from, `its key ${key} is left out: it is nothing of a JWT mount`)
  const roles = listOf(auth, 'roles', findings, `roles of ${from}`).flatMap((role) => roleOf(mount, role, findings))
  return [...enabled(mount, type, auth, findings), ...configurationOf(mount, auth, findings), ...roles]
}

function enabled(mount: string, type: string, auth: JsonObject, findings: Findings): DescribedObject[] {
  const from = `auth/${mount}`
  const options = asMap(own(auth, 'options'))
  const request = requestOf(from, mountBody(type, options), findings)
  if (request === undefined) return []
  if (!isEmpty(own(auth, 'description')))
    findings.note(
      from,
      `its description is "${type} backend": bank-vaults since 1.15 writes that, whatever the file says`,
    )
  for (const key of Object.keys(options))
    if (!Object.hasOwn(tuneShapes, key) && !optionsOfMounts.includes(key))
      findings.note(from, `its option ${key} is left out: files here do not have it`)
  const data = mountRequest(request)
  return data === undefined ? [] : [{ kind: 'auth-mount', mount, data, target, from }]
}

const optionsOfMounts = ['description', 'options', 'plugin_version']

/** `options` are what enabling takes as `config`; three of them are the mount's own when it is read. */
function mountBody(type: string, options: JsonObject): JsonObject {
  const description = own(options, 'description')
  const mine = ['options', 'plugin_version'].flatMap((key): [string, JsonValue][] => {
    const value = own(options, key)
    return value === undefined ? [] : [[key, value]]
  })
  return {
    type,
    description: isEmpty(description) ? `${type} backend` : (description as JsonValue),
    ...Object.fromEntries(mine),
    config: options,
  }
}

function configurationOf(mount: string, auth: JsonObject, findings: Findings): DescribedObject[] {
  const from = `auth/${mount}/config`
  const config = own(auth, 'config')
  if (!isObject(config)) return []
  const secret = own(config, 'oidc_client_secret')
  // The places of secrets are all that is wanted of them, so templates do no harm there.
  const request = requestOf(from, partSecrets(config).values, findings)
  const found = request && configData({ ...request, body: config })
  if (found === undefined) return []
  const variable = environmentVariable(secret)
  const writeOnly = found.writeOnly.map(({ field }) =>
    variable !== undefined && field[0] === 'oidc_client_secret' ? { field, variable } : { field },
  )
  if (!isEmpty(secret) && variable === undefined && templatedField({ secret: secret as JsonValue }) === undefined)
    findings.note(from, 'its client secret stands there in clear text; files get a reference. Give it another one')
  return [{ kind: 'jwt-config', mount, data: found.data, writeOnly, target, from }]
}

function roleOf(mount: string, role: JsonObject, findings: Findings): DescribedObject[] {
  const name = nameOf(role, 'name')
  if (name === '') {
    findings.problem('damaged-bank-vaults', `a role of auth/${mount} has no name`, help)
    return []
  }
  const from = `auth/${mount}/role/${name}`
  const request = requestOf(from, role, findings)
  const data = request && roleData(request)
  return data === undefined ? [] : [{ kind: 'jwt-role', mount, name, data, target, from }]
}

/** Undefined once a note says that a template decides a part of it. */
function requestOf(from: string, body: JsonObject, findings: Findings): Request | undefined {
  const field = templatedField(body)
  if (field === undefined) return { body, note: (reason) => findings.note(from, reason) }
  findings.note(from, `left out, because bank-vaults fills in its ${field}; ${renderFirst}`)
  return undefined
}
