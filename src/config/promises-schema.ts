import * as z from 'zod'
import { capabilities } from '../core/capability.ts'

/** What people write in test/access/<name>.yaml. */

const words = z.string().min(1)

const path = words
  .refine((text) => !/^\/|^v1\//.test(text), {
    error: 'must be an API path without /v1/, such as secret/data/production/db',
  })
  .refine((text) => !text.slice(0, -1).includes('*'), {
    error: 'must not have a * before its end; a + between slashes is any one segment',
  })

const paths = z
  .union([path, z.array(path).min(1)], { error: 'expected a path or a list of paths' })
  .meta({ description: 'API paths; a * at the end is everything that begins so, a + between slashes any one segment.' })

/** A misspelt key is missing only because it is misspelt. */
const ifAllElseIsGood = { when: ({ issues }: { readonly issues: readonly unknown[] }) => issues.length === 0 }

/** Capability to paths. */
const grants = z
  .strictObject(Object.fromEntries(capabilities.map((capability) => [capability, paths.optional()])))
  .refine((map) => Object.keys(map).length > 0, { error: 'must name a capability, such as read', ...ifAllElseIsGood })

const claims = z
  .union([words, z.record(words, z.json())], { error: 'expected the name of a set of claims or a map of claims' })
  .meta({
    description:
      'The name of a set under "claims", or a map of claims; "extends" in it names a set, null takes a claim away.',
  })

const roles = z
  .union([words, z.array(words).min(1)], { error: 'expected a role or a list of roles' })
  .meta({ description: 'mount/name of roles; * is any text.' })

const never = z.strictObject({
  claims: z
    .record(words, z.json())
    .meta({
      description:
        'What the tokens have: a value, a list of values, { not: value }, or null for a claim that is absent.',
    })
    .optional(),
  roles: roles.optional(),
  can: grants.meta({ description: 'What no such token can do.' }),
})

const admitsOnly = z.strictObject({
  claim: words.meta({ description: 'The claim, such as project_id, or a JSON pointer.' }),
  values: z
    .union([z.array(z.json()).min(1), z.string(), z.number(), z.boolean()], {
      error: 'expected a value or a list of values',
    })
    .meta({ description: 'The only values with which a token gets in.' }),
  roles: roles.optional(),
})

const only = z.strictObject({
  roles,
  can: grants.meta({ description: 'What tokens of other roles cannot do.' }),
})

const login = z
  .union([z.enum(['granted', 'refused']), z.strictObject({ refused: words })], {
    error: 'expected "granted", "refused" or { refused: a part of what the server says }',
  })
  .meta({ description: 'What becomes of the login. Default: granted.' })

const promiseShape = z.strictObject({
  name: words.meta({ description: 'A sentence that says what is promised.' }),
  environments: z
    .array(words)
    .min(1)
    .meta({ description: 'Where it is promised. Default: as the file says.' })
    .optional(),
  role: words.meta({ description: 'The role at which a job logs in.' }).optional(),
  mount: words.meta({ description: "The role's auth mount.", default: 'jwt' }).optional(),
  claims: claims.optional(),
  login: login.optional(),
  can: grants.meta({ description: 'What the token can do.' }).optional(),
  cannot: grants.meta({ description: 'What the token cannot do.' }).optional(),
  never: never.meta({ description: 'What no token at all can do, through whatever role.' }).optional(),
  admits_only: admitsOnly.meta({ description: 'Whom the roles let in at most.' }).optional(),
  only: only.meta({ description: 'What only tokens of these roles can do.' }).optional(),
  allow_undecided: z
    .boolean()
    .meta({ description: 'Whether the promise counts as kept where the rules depend on what nobody here knows.' })
    .optional(),
})

/** Each of them makes a promise of its own kind. */
const forms = ['role', 'never', 'admits_only', 'only'] as const
/** What only a promise about a role has. */
const ofJobs = ['mount', 'claims', 'login', 'can', 'cannot'] as const

export const promiseSchema = promiseShape.superRefine((promise, context) => {
  const refuse = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path })
  const [form, second] = forms.filter((name) => promise[name] !== undefined)
  if (form === undefined) return refuse(`a promise needs one of ${forms.join(', ')}`)
  if (second !== undefined) return refuse(`"${second}" cannot stand beside "${form}": they are two promises`, second)
  const odd = ofJobs.find((key) => form !== 'role' && promise[key] !== undefined)
  if (odd !== undefined) return refuse(`"${odd}" belongs to a promise about a role, and this one has "${form}"`, odd)
  if (form === 'role') refineJob(promise, refuse)
}, ifAllElseIsGood)

type Refuse = (message: string, ...path: string[]) => void

function refineJob({ claims, login, can, cannot }: z.infer<typeof promiseShape>, refuse: Refuse): void {
  const after = can !== undefined ? 'can' : cannot !== undefined ? 'cannot' : undefined
  if (claims === undefined) refuse('a promise about a role needs "claims": what the job\'s token says')
  if (login === undefined && after === undefined) refuse('a promise about a role needs "login", "can" or "cannot"')
  if (login !== undefined && login !== 'granted' && after !== undefined)
    refuse(`"${after}" cannot stand beside a refused login, which gives no token`, after)
}

export const promisesSchema = z.strictObject({
  environments: z
    .array(words)
    .min(1)
    .meta({ description: 'The environments that the promises are about. Default: all.' })
    .optional(),
  claims: z
    .record(words, z.record(words, z.json()))
    .meta({ description: 'Sets of claims by name, for the promises below.' })
    .optional(),
  promises: z.array(promiseSchema).min(1).meta({ description: 'What is promised.' }),
})

export type WrittenPromise = z.infer<typeof promiseSchema>
export type WrittenGrants = z.infer<typeof grants>

/** The file without its promises, each of which is filled in and checked for itself. */
export const frameSchema = promisesSchema.extend({ promises: z.array(z.record(z.string(), z.json())).min(1) })
