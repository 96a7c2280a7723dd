import { byText, type JsonObject } from '../core/json.ts'
import { aclOf, reachesMount } from './acl.ts'
import { type Answer, data, refuse } from './answers.ts'
import type { Caller, Route } from './routes.ts'
import { effectiveEngine } from './secret-mounts.ts'
import type { Mount, State } from './state.ts'
import { effectiveTtls } from './tune.ts'

/** `sys/internal/ui/mounts`: what a token reaches, and to everybody what is marked as visible (logical_system.go). */
export function uiMountRoutes(state: State): Route[] {
  return [
    { pattern: /^internal\/ui\/mounts$/, handlers: { read: ({ caller }) => uiMounts(state, caller) } },
    {
      pattern: /^internal\/ui\/mounts\/(?<path>.+)$/,
      handlers: { read: ({ names, caller }) => uiMount(state, (names['path'] ?? '').replace(/\/?$/, '/'), caller) },
    },
  ]
}

function uiMounts(state: State, caller: Caller): Answer {
  const auth = [...state.mounts.values()].map((mount): Shown => {
    return { path: mount.path, whole: `auth/${mount.path}`, shown: shownMount(state, mount) }
  })
  const secret = [...state.engines.values()].map((engine): Shown => {
    return { path: engine.path, whole: engine.path, shown: effectiveEngine(engine) }
  })
  return data({ auth: visible(state, caller, auth), secret: visible(state, caller, secret) })
}

interface Shown {
  readonly path: string
  /** From the root of the API. */
  readonly whole: string
  readonly shown: JsonObject
}

function visible(state: State, { token }: Caller, mounts: readonly Shown[]): JsonObject {
  const acl = token && aclOf(state, token)
  const open = ({ shown }: Shown) => (shown['config'] as JsonObject)['listing_visibility'] === 'unauth'
  const reached = mounts.filter((mount) => open(mount) || (acl !== undefined && reachesMount(acl, mount.whole)))
  const brief = ({ type, description, options }: JsonObject): JsonObject =>
    ({ type, description, options }) as JsonObject
  const sorted = reached.sort((a, b) => byText(a.path, b.path))
  return Object.fromEntries(sorted.map(({ path, shown }) => [path, acl === undefined ? brief(shown) : shown]))
}

/** OpenBao shows the limits of auth mounts as they were written. */
function shownMount({ product }: State, mount: Mount): JsonObject {
  if (product === 'openbao') return mount.info
  return { ...mount.info, config: { ...(mount.info['config'] as JsonObject), ...effectiveTtls(mount) } }
}

function uiMount(state: State, path: string, { token }: Caller): Answer {
  const mount = path.startsWith('auth/') ? state.mounts.get(path.slice('auth/'.length)) : undefined
  const engine = state.engines.get(path)
  const shown = mount ? shownMount(state, mount) : engine && effectiveEngine(engine)
  if (shown !== undefined && token !== undefined && reachesMount(aclOf(state, token), path))
    return data({ ...shown, path: mount?.path ?? path })
  const words = `preflight capability check returned 403, please ensure client's policies grant access to path "${path}"`
  return refuse(words, 403)
}
