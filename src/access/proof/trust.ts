import type { AccessEffect } from '../../core/access-effect.ts'
import { addressOf } from '../../core/resource.ts'
import type { AccessModel, ModelMount } from '../model.ts'
import { issuerOf, ownTrust } from './subjects.ts'

/** Mounts that come to take other tokens than before: whoever signs them decides who gets in. */
export function trustEffects(before: AccessModel, after: AccessModel): readonly AccessEffect[] {
  return [...after.mounts.values()].flatMap((now) => {
    const old = before.mounts.get(now.path)
    if (old?.config === undefined || now.config === undefined || ownTrust(old) === ownTrust(now)) return []
    if (old.roles.size === 0 && now.roles.size === 0) return []
    const [from, to] = [issuerOf(old), issuerOf(now)]
    if (from === to)
      return [effect('change', now, from, `mount ${now.path} now verifies the tokens of ${to} in another way`)]
    return [
      effect('gain', now, to, `tokens of ${to} are now taken by mount ${now.path}, and get what its roles give`),
      effect('loss', now, from, `tokens of ${from} are no longer taken by mount ${now.path}`),
    ]
  })
}

function effect(kind: AccessEffect['effect'], mount: ModelMount, issuer: string, text: string): AccessEffect {
  const claims = [{ iss: { allOf: [[issuer]], noneOf: [] } }]
  return { effect: kind, roles: [addressOf('jwt-config', mount.path)], who: `tokens of ${issuer}`, claims, text }
}
