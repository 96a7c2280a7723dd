import * as z from 'zod'
import type { Settings } from '../core/configuration.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import { check } from './explain.ts'
import { placeIn } from './merge.ts'
import type { Problems } from './problems.ts'
import type { TextFile } from './text.ts'
import { singleDocument } from './yaml.ts'

export const settingsSchema = z.strictObject({
  env: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be the name of an environment variable' }))
    .meta({ description: 'Names of environment variables that ${env:NAME} may read outside write-only fields.' })
    .optional(),
  external_policies: z
    .array(z.string().min(1))
    .meta({ description: 'Policies that roles may name although no file here describes them; * is any text.' })
    .optional(),
})

/** `vaultwright.yaml`; nothing is allowed and nothing is external where there is none. */
export function readSettings(file: TextFile | undefined, problems: Problems): Settings {
  const document = file && singleDocument(file, problems, new Set())
  const layers = document ? [{ document, at: [] }] : []
  const settings =
    document && check(settingsSchema, document.value, { problems, place: (path, what) => placeIn(layers, path, what) })
  if (file !== undefined && settings === undefined) problems.mute('unknown-policy', 'env-not-allowed')
  const good = settings ?? goodKeys(document?.value)
  return { env: good.env ?? [], externalPolicies: good.external_policies ?? [] }
}

/** What can be understood beside a mistake: it must not look as if it were not there. */
function goodKeys(value: JsonValue | undefined): z.infer<typeof settingsSchema> {
  const { env, external_policies } = settingsSchema.shape
  const written = isObject(value) ? value : {}
  return {
    env: env.safeParse(written['env']).data,
    external_policies: external_policies.safeParse(written['external_policies']).data,
  }
}
