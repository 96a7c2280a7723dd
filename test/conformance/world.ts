import { expect } from 'vitest'
import type { Environment } from '../../src/core/configuration.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { kindOf } from '../../src/core/kind.ts'
import type { Desired, Identity } from '../../src/core/resource.ts'
import { assumedServer } from '../../src/core/version.ts'
import { applyChanges } from '../../src/engine/apply.ts'
import { type PlanResult, planEnvironment } from '../../src/engine/plan.ts'
import { readLive } from '../../src/engine/read.ts'
import { kinds } from '../../src/kinds/index.ts'
import { type Connection, connect } from '../../src/vault/client.ts'
import { connectionSettings } from '../../src/vault/settings.ts'
import { request } from '../support/live-vault.ts'
import { type MemoryJournal, memoryJournal } from '../support/memory-journal.ts'
import { publicKey } from './id-tokens.ts'

const source = { file: 'story', line: 1, column: 1 }

/** An object as the files would want it, through the same functions as the files. */
export function object(kindName: string, names: readonly string[], spec: JsonObject): Desired {
  const kind = kindOf(kinds, kindName)
  const checked = kind.schema.safeParse(spec)
  if (!checked.success) throw new Error(`the story wants what a file could not say: ${checked.error.message}`)
  return { ...kind.identify(...names), spec: kind.canonical(spec), needs: kind.needs(spec, ...names), source }
}

export const mount = (path: string, spec: JsonObject = {}) => object('auth-mount', [path], { type: 'jwt', ...spec })
export const config = (path: string, spec: JsonObject = { jwt_validation_pubkeys: [publicKey] }) =>
  object('jwt-config', [path], spec)
export const policy = (name: string, text: string) => object('policy', [name], { policy: text })
export const role = (path: string, name: string, spec: JsonObject = {}) =>
  object('jwt-role', [path, name], {
    role_type: 'jwt',
    user_claim: 'project_id',
    bound_audiences: ['https://vault'],
    ...spec,
  })

/** A server, and the story's way of looking at it: through the adapter, or by hand behind the program's back. */
export interface World {
  readonly connection: Connection
  /** A name of this story's own, for mounts and policies: stories run side by side on one server. */
  readonly id: string
  /** A request behind the program's back; gives the status. */
  byHand(method: string, path: string, body?: JsonObject): Promise<number>
  /** A request as whoever holds this token; undefined for nobody, root when absent. */
  ask(method: string, path: string, body?: JsonObject, as?: { readonly token: string | undefined }): Promise<Reply>
  /** `METHOD path` of every write since the last look. */
  writes(): string[]
  /** Puts these back, as if nobody had looked and nothing else had been written. */
  countAgain(writes: readonly string[]): void
  /** What else is tried with every apply, once it is done: with its journal, and what was wanted. */
  readonly afterwards?: (world: World, journal: MemoryJournal, want: Environment) => Promise<void>
}

export interface Reply {
  readonly status: number
  /** Undefined where the answer has none. */
  readonly body: JsonObject | undefined
}

export interface Target {
  readonly address: string
  readonly token: string
}

let counter = 0

export async function openWorld({ address, token }: Target, more: Pick<World, 'afterwards'> = {}): Promise<World> {
  const { settings } = connectionSettings({ VAULT_ADDR: address, VAULT_TOKEN: token })
  const written: string[] = []
  const onRequest = (method: string, path: string) => {
    if (method === 'POST' || method === 'DELETE') written.push(`${method} ${path}`)
  }
  const secrets: Readonly<Record<string, string>> = { '${env:CLIENT_SECRET}': 'not-so-secret' }
  const connection = await connect({
    settings,
    parallelism: 8,
    onRequest,
    secretOf: (reference) => secrets[String(reference)] ?? 'unknown',
  })
  return {
    connection,
    id: `story-${process.pid}-${counter++}`,
    async byHand(method, path, body) {
      return (await request({ address, token }, method, path, body)).status
    },
    ask(method, path, body, as = { token }) {
      return request(as.token === undefined ? { address } : { address, token: as.token }, method, path, body)
    },
    writes: () => written.splice(0),
    countAgain: (writes) => void written.splice(0, Infinity, ...writes),
    ...more,
  }
}

export type Want = readonly Desired[] | (Partial<Environment> & { readonly desired: readonly Desired[] })

function environmentOf(want: Want): Environment {
  const { desired, ...more } = 'desired' in want ? want : { desired: want }
  const described = new Set(desired.map(({ address }) => address))
  return {
    name: 'story',
    server: assumedServer,
    source,
    desired,
    owns: [],
    unmanaged: 'report',
    external: [],
    described,
    secrets: {},
    ...more,
  }
}

export async function plan(world: World, want: Want): Promise<PlanResult> {
  const environment = environmentOf(want)
  const server = world.connection
  return planEnvironment({
    kinds,
    environment,
    live: await readLive({ kinds, server, environment }),
    server: server.server,
  })
}

export function lines({ plan }: PlanResult): string[] {
  return plan.changes.flatMap((change) =>
    change.action === 'update'
      ? [`update ${change.address}: ${change.fields.map(({ field }) => field.join('.')).join(', ')}`]
      : [`${change.action} ${change.address}`],
  )
}

/** Applies what is wanted, whatever changes that takes. */
export async function prepare(world: World, want: Want): Promise<void> {
  await reach(world, want, lines(await plan(world, want)))
}

/** Applies what is wanted, sees exactly these changes and no failure, then plans again and sees nothing. */
export async function reach(world: World, want: Want, expected: readonly string[]): Promise<PlanResult> {
  const planned = await plan(world, want)
  expect(lines(planned)).toEqual(expected)
  expect(planned.objections).toEqual([])
  const { changes } = planned.plan
  const journal = memoryJournal()
  const outcomes = await applyChanges({
    kinds,
    tasks: [{ environment: 'story', changes }],
    server: world.connection,
    parallelism: 8,
    journal,
  })
  expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([])
  expect(lines(await plan(world, want)), 'a second plan').toEqual([])
  await world.afterwards?.(world, journal, environmentOf(want))
  return planned
}

/** What the server has of an object now. */
export async function liveSpec(world: World, identity: Identity): Promise<JsonObject | undefined> {
  return (await kindOf(kinds, identity.kind).read(world.connection, identity))?.spec
}
