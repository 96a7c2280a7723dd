import { refuse } from './answers.ts'
import { authMountRoutes, uiMountRoutes } from './auth-mounts.ts'
import { jwtConfigRoutes } from './jwt-config.ts'
import { jwtRoleRoutes } from './jwt-role.ts'
import { policyRoutes } from './policies.ts'
import type { Route } from './routes.ts'
import type { Mount, State } from './state.ts'
import { capabilityRoutes, tokenRoutes } from './tokens.ts'

/** What answers below a mount. */
export interface Backend {
  readonly routes: readonly Route[]
  /** The path below the mount. */
  readonly path: string
  readonly mountType: string
}

/** The backend with the longest matching mount. Throws Refusal where nothing is mounted. */
export function backendOf(state: State, path: string): Backend {
  if (path.startsWith('sys/')) return systemBackend(state, path.slice('sys/'.length))
  // `auth/jwt` alone is below the mount as well.
  const inside = `${path.slice('auth/'.length)}/`
  const mounts = path.startsWith('auth/') ? [...state.mounts.values()] : []
  const mount = mounts
    .filter((candidate) => inside.startsWith(candidate.path))
    .sort((a, b) => b.path.length - a.path.length)[0]
  if (mount === undefined) return refuse(`no handler for route ${JSON.stringify(path)}. route entry not found.`, 404)
  return {
    routes: mountRoutes(state, mount),
    path: path.slice('auth/'.length + mount.path.length),
    mountType: mount.type,
  }
}

function systemBackend(state: State, path: string): Backend {
  if (path.startsWith('internal/ui/')) return { routes: uiMountRoutes(state), path, mountType: '' }
  const routes = [...authMountRoutes(state), ...policyRoutes(state), ...capabilityRoutes(state)]
  return { routes, path, mountType: 'system' }
}

function mountRoutes(state: State, mount: Mount): Route[] {
  if (mount.type === 'token') return tokenRoutes(state)
  if (mount.type !== 'jwt' && mount.type !== 'oidc') return []
  return [...jwtConfigRoutes(state, mount), ...jwtRoleRoutes(state, mount), ...loginRoutes]
}

const loginRoutes: readonly Route[] = [
  {
    pattern: /^login$/,
    fields: { role: 'lower-case', jwt: 'string' },
    handlers: { write: () => refuse('the sandbox does not log in yet') },
  },
]
