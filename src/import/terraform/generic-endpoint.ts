import { isObject, type JsonObject } from '../../core/json.ts'
import { parseJsonText } from '../../core/json-text.ts'
import { asText, type DescribedObject, mountPath } from '../sources/described.ts'
import type { Findings } from '../sources/findings.ts'
import { configData, mountRequest, type Request, roleData } from '../sources/requests.ts'
import { own } from '../sources/shapes.ts'
import { knownLater, targetOf } from './objects.ts'
import type { Resource } from './resource.ts'

/** Type of a mount of the same server; undefined where the file does not say it. */
export type TypeOf = (target: Resource['target'], mount: string) => string | undefined

/**
 * What `vault_generic_endpoint` writes to a path that holds an object of ours. Its `data_json` is any JSON and always marked as
 * sensitive, so only known fields that cannot be secret come out of it.
 */
export function genericEndpoint(resource: Resource, typeOf: TypeOf, findings: Findings): readonly DescribedObject[] {
  const { address, values, unknown } = resource
  const leftOut = (reason: string) => {
    findings.note(address, reason)
    return []
  }
  const later = ['path', 'data_json'].find((name) => unknown.has(name))
  if (later !== undefined) return leftOut(knownLater(later))
  const path = mountPath(asText(own(values, 'path')))
  const what = placeOf(path)
  if (what === undefined) return leftOut('not taken over: its path holds no policy, JWT mount or JWT role')
  const body = bodyOf(asText(own(values, 'data_json')))
  if (body === undefined) return leftOut('left out, because its data_json is not a JSON object')
  const target = targetOf(resource)
  if (what.kind === 'jwt-role' || what.kind === 'jwt-config') {
    const type = typeOf(target, what.mount)
    if (type === undefined) return leftOut('left out, because nothing here says of which type its mount is')
    if (type !== 'jwt' && type !== 'oidc') return leftOut('not taken over: only mounts of type jwt and oidc are')
  }
  const request: Request = { body, note: (reason) => findings.note(address, reason) }
  return dataOf(what, request).map((content) => ({ ...content, target, from: address }) as DescribedObject)
}

type Place =
  | { readonly kind: 'policy'; readonly name: string }
  | { readonly kind: 'auth-mount' | 'jwt-config'; readonly mount: string }
  | { readonly kind: 'jwt-role'; readonly mount: string; readonly name: string }

function placeOf(path: string): Place | undefined {
  const [, policy] = /^sys\/polic(?:y|ies\/acl)\/(.+)$/.exec(path) ?? []
  if (policy !== undefined) return { kind: 'policy', name: policy }
  const [, enabled] = /^sys\/auth\/(.+)$/.exec(path) ?? []
  if (enabled !== undefined) return enabled.endsWith('/tune') ? undefined : { kind: 'auth-mount', mount: enabled }
  const [, configured] = /^auth\/(.+)\/config$/.exec(path) ?? []
  if (configured !== undefined) return { kind: 'jwt-config', mount: configured }
  const [, mount, name] = /^auth\/(.+)\/role\/([^/]+)$/.exec(path) ?? []
  return mount === undefined || name === undefined ? undefined : { kind: 'jwt-role', mount, name }
}

/** Whether it enables a mount, which others may be configured in. */
export function enablesMount({ values }: Resource): boolean {
  return placeOf(mountPath(asText(own(values, 'path'))))?.kind === 'auth-mount'
}

/** No word of the parser's: it quotes the text, and the text may hold a secret. */
function bodyOf(text: string): JsonObject | undefined {
  try {
    const body = parseJsonText(text)
    return isObject(body) ? body : undefined
  } catch {
    return undefined
  }
}

function dataOf(place: Place, request: Request): readonly object[] {
  switch (place.kind) {
    case 'policy': {
      // `sys/policy` takes the text as `rules` as well.
      const text = asText(own(request.body, 'policy')) || asText(own(request.body, 'rules'))
      if (text !== '') return [{ ...place, data: { name: place.name.toLowerCase(), policy: text } }]
      request.note('left out, because its data_json has no text of a policy')
      return []
    }
    case 'auth-mount': {
      const data = mountRequest(request)
      return data === undefined ? [] : [{ ...place, data }]
    }
    case 'jwt-config': {
      const config = configData(request)
      return config === undefined ? [] : [{ ...place, ...config }]
    }
    case 'jwt-role': {
      const data = roleData(request)
      return data === undefined ? [] : [{ ...place, data }]
    }
  }
}
