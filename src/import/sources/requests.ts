import { olderNames } from '../../access/login/older-names.ts'
import type { JsonObject } from '../../core/json.ts'
import type { FieldPath } from '../../core/kind.ts'
import { asMap, asText } from './described.ts'
import {
  configShapes,
  mountShapes,
  partSecrets,
  roleShapes,
  secretInside,
  tuneShapes,
  withPresentNames,
} from './fields.ts'
import { own, type Shapes, takeFields } from './shapes.ts'

/**
 * The body of a request to the API, as a source spells it out, for an object that did not exist before. What comes of it is as
 * the server would answer it, or undefined once a note says why the object is left out.
 */
export interface Request {
  readonly body: JsonObject
  readonly note: (reason: string) => void
}

/** `POST sys/auth/<mount>`; undefined also where it enables another type of mount. */
export function mountRequest({ body, note }: Request): JsonObject | undefined {
  const type = asText(own(body, 'type'))
  if (type !== 'jwt' && type !== 'oidc') {
    note('not taken over: only mounts of type jwt and oidc are')
    return undefined
  }
  const data = take(mountShapes, { body, note })
  const config = take(tuneShapes, { body: asMap(own(body, 'config')), note })
  return data && config && { ...data, config }
}

/** `POST auth/<mount>/config`. */
export function configData({
  body,
  note,
}: Request): { readonly data: JsonObject; readonly writeOnly: readonly { readonly field: FieldPath }[] } | undefined {
  const { values, secrets, suspects } = partSecrets(body)
  noteUnknown(configShapes, values, ['skip_jwks_validation'], note)
  for (const [, name = ''] of suspects)
    note(`provider_config.${name} is left out: it looks like a secret, and the server would show it`)
  const data = take(configShapes, { body: values, note })
  const inside = data && secretInside(data)
  if (inside !== undefined) note(`left out, because it holds ${inside}`)
  return data === undefined || inside !== undefined
    ? undefined
    : { data, writeOnly: secrets.map((field) => ({ field })) }
}

/** `POST auth/<mount>/role/<name>`. Older names of fields count where the present ones are absent (sdk tokenutil.go). */
export function roleData({ body, note }: Request): JsonObject | undefined {
  noteUnknown(roleShapes, body, ['name', ...Object.keys(olderNames)], note)
  return take(roleShapes, { body: withPresentNames(body, (value) => value === undefined), note })
}

/** The servers drop an unknown field without a word. Only its name is said. */
function noteUnknown(shapes: Shapes, body: JsonObject, known: readonly string[], note: Request['note']): void {
  for (const name of Object.keys(body))
    if (!Object.hasOwn(shapes, name) && !known.includes(name))
      note(`its field ${name} is left out: it is not known here`)
}

function take(shapes: Shapes, { body, note }: Request): JsonObject | undefined {
  let whole = true
  const data = takeFields(shapes, body, (field, expected) => {
    note(`left out, because ${field} is not ${expected}`)
    whole = false
  })
  return whole ? data : undefined
}
