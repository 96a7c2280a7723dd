import { expect } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { type Claims, idToken } from './id-tokens.ts'
import { config, mount, policy, prepare, type Reply, role, type World } from './world.ts'

/** What a story's jobs log in at: a mount of the story's own, with these roles and policies, named after the story. */
export interface Site {
  readonly tune?: JsonObject
  readonly config?: JsonObject
  readonly roles?: Readonly<Record<string, JsonObject>>
  /** By the end of their names. */
  readonly policies?: Readonly<Record<string, string>>
}

/** Brings the mount, its configuration, roles and policies there by an apply, as a user would. */
export async function prepareSite(world: World, site: Site): Promise<void> {
  const { id } = world
  await prepare(world, [
    mount(id, site.tune && { tune: site.tune }),
    config(id, site.config),
    ...Object.entries(site.policies ?? {}).map(([name, text]) => policy(`${id}-${name}`, text)),
    ...Object.entries(site.roles ?? {}).map(([name, spec]) => role(id, name, spec)),
  ])
}

/** A login with whatever stands in the body. */
export function login(world: World, body: JsonObject): Promise<Reply> {
  return world.ask('POST', `auth/${world.id}/login`, body, { token: undefined })
}

/** What the server says of the token it gives a job. */
export async function granted(world: World, roleName: string, claims: Claims = {}): Promise<JsonObject> {
  const { status, body } = await login(world, { role: roleName, jwt: await idToken(claims) })
  expect({ status, errors: body?.['errors'] }, `the login of ${roleName}`).toEqual({ status: 200, errors: undefined })
  return body?.['auth'] as JsonObject
}

/** Somebody who holds a token. */
export interface Holder {
  readonly token: string
}

export async function logIn(world: World, roleName: string, claims: Claims = {}): Promise<Holder> {
  return { token: String((await granted(world, roleName, claims))['client_token']) }
}

/** A site with one role that gets one policy, and a job that has logged in by it. */
export async function jobWith(world: World, policyText: string): Promise<Holder> {
  await prepareSite(world, {
    policies: { job: policyText },
    roles: { ci: { token_policies: [`${world.id}-job`] } },
  })
  return logIn(world, 'ci')
}

/** The answer to a request: its data, or its status and errors. */
export async function answerTo(
  world: World,
  holder: Holder,
  method: string,
  path: string,
  body?: JsonObject,
): Promise<unknown> {
  const { status, body: answer } = await world.ask(method, path, body, holder)
  return status === 200 ? answer?.['data'] : { status, ...answer }
}

export const permissionDenied = { status: 403, errors: ['1 error occurred:\n\t* permission denied\n\n'] }

/** What becomes of a request with a token that is none, or none any more. */
export function invalidToken({ connection }: World): unknown {
  const vault = '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'
  return { status: 403, errors: [connection.server.product === 'vault' ? vault : 'permission denied'] }
}
