import { authMountRoutes } from './auth-mounts.ts'
import { capabilityRoutes } from './capabilities.ts'
import { identityRoutes } from './entities.ts'
import { jwtConfigRoutes } from './jwt-config.ts'
import { jwtRoleRoutes } from './jwt-role.ts'
import { kvRoutes } from './kv.ts'
import { loginRoutes } from './login.ts'
import { policyRoutes } from './policies.ts'
import type { Route } from './routes.ts'
import { type Engine, secretMountRoutes } from './secret-mounts.ts'
import type { Mount, State } from './state.ts'
import { tokenRoutes } from './tokens.ts'
import { uiMountRoutes } from './ui-mounts.ts'

/** What answers below a mount. */
export interface Backend {
  readonly routes: readonly Route[]
  /** The path below the mount. */
  readonly path: string
  readonly mountType: string
  /** Whose paths ask for a token: `optional` is for those that answer everybody and tell some more. */
  readonly token: 'required' | 'optional' | 'none'
}

/** The backend with the longest matching mount; undefined where nothing is mounted. */
export function backendOf(state: State, path: string): Backend | undefined {
  if (path.startsWith('sys/')) return systemBackend(state, path.slice('sys/'.length))
  if (path.startsWith('auth/')) {
    const mount = mountAt(state.mounts.values(), path.slice('auth/'.length))
    return mount && authBackend(state, mount, path.slice('auth/'.length + mount.path.length))
  }
  const engine = mountAt(state.engines.values(), path)
  if (engine === undefined) return undefined
  const below = path.slice(engine.path.length)
  return { routes: engineRoutes(state, engine), path: below, mountType: engine.type, token: 'required' }
}

/** `auth/jwt` alone is below the mount as well. */
function mountAt<M extends { readonly path: string }>(mounts: Iterable<M>, path: string): M | undefined {
  return [...mounts]
    .filter((mount) => `${path}/`.startsWith(mount.path))
    .sort((a, b) => b.path.length - a.path.length)[0]
}

function systemBackend(state: State, path: string): Backend {
  if (path.startsWith('internal/ui/mounts'))
    return { routes: uiMountRoutes(state), path, mountType: '', token: 'optional' }
  const routes = [
    ...authMountRoutes(state),
    ...secretMountRoutes(state),
    ...policyRoutes(state),
    ...capabilityRoutes(state),
  ]
  return { routes, path, mountType: 'system', token: 'required' }
}

function authBackend(state: State, mount: Mount, path: string): Backend {
  if (mount.type === 'token') return { routes: tokenRoutes(state), path, mountType: mount.type, token: 'required' }
  if (mount.type !== 'jwt' && mount.type !== 'oidc')
    return { routes: [], path, mountType: mount.type, token: 'required' }
  if (path === 'login') return { routes: loginRoutes(state, mount), path, mountType: '', token: 'none' }
  const routes = [...jwtConfigRoutes(state, mount), ...jwtRoleRoutes(state, mount)]
  return { routes, path, mountType: mount.type, token: 'required' }
}

function engineRoutes(state: State, engine: Engine): Route[] {
  if (engine.type === 'kv') return kvRoutes(state, engine)
  return engine.type === 'identity' ? identityRoutes(state) : []
}
