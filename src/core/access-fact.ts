import type { JsonObject } from './json.ts'

/** What an object says about who may do what. Specs are canonical; mounts are paths without a trailing slash. */
export type AccessFact =
  | { readonly as: 'auth-mount'; readonly mount: string; readonly type: string; readonly tune: JsonObject }
  | { readonly as: 'auth-config'; readonly mount: string; readonly config: JsonObject }
  | { readonly as: 'role'; readonly mount: string; readonly name: string; readonly role: JsonObject }
  | { readonly as: 'policy'; readonly name: string; readonly text: string }
