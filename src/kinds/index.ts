import type { Kinds } from '../core/kind.ts'
import { authMount } from './auth-mount.ts'
import { jwtConfig } from './jwt-config.ts'
import { jwtRole } from './jwt-role.ts'
import { policy } from './policy.ts'

/** Every kind, in the order of writing; a new one is a file beside this and a line here. */
export const kinds: Kinds = [authMount, jwtConfig, policy, jwtRole]
