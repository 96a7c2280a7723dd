import * as z from 'zod'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath, Kind, Kinds } from '../core/kind.ts'
import { kindWrittenIn } from './draft.ts'
import { environmentKinds, ownShape } from './environment.ts'
import { promisesSchema } from './promises-schema.ts'
import { secretsSchema } from './secrets.ts'
import { settingsSchema } from './settings.ts'

/** A JSON Schema while it is being put together. */
interface Schema {
  readonly [key: string]: JsonValue
}

const draft = 'https://json-schema.org/draft/2020-12/schema'

/**
 * JSON Schemas (draft 2020-12) of the files people write, for editors and other checkers: the kinds' own schemas, the
 * program's keys, and what loading adds to both, which is `${name}` in place of any value and `{ file: path }` where the
 * text of a file can stand.
 */
export function jsonSchemas(kinds: Kinds): Record<'environment' | 'promises' | 'role' | 'settings', object> {
  return {
    environment: environmentSchema(kinds),
    promises: promisesJsonSchema(),
    role: roleSchema(kinds),
    settings: { $schema: draft, title: 'Settings of vaultwright', ...converted(settingsSchema(kinds)) },
  }
}

/** What says where a promise belongs, and how many there are, is written out; the rest may hold variables. */
function promisesJsonSchema(): object {
  const fill = (schema: Schema) => mapSchemas(schema, withVariables)
  const { properties, ...rest } = changeSchema(converted(promisesSchema), ['promises', '*'], fill)
  const { claims, ...others } = properties as Record<string, Schema>
  const sets = mapSchemas(claims as Schema, fill)
  return { $schema: draft, title: 'Promises of vaultwright', ...rest, properties: { ...others, claims: sets } }
}

/** What a schema refers to is "any JSON value", which in JSON Schema needs no definition. */
function converted(schema: z.ZodType): Schema {
  const {
    $schema: _,
    $defs: __,
    ...rest
  } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const pattern = jsonSchema.type === 'string' ? durationPattern(zodSchema as unknown as z.ZodType) : undefined
      if (pattern !== undefined) jsonSchema.pattern = pattern
    },
  })
  return withoutReferences(rest as JsonObject) as Schema
}

/** Rules that are functions have no form in JSON Schema; this one is known by what it takes. */
function durationPattern(schema: z.ZodType): string | undefined {
  const takes = (text: string) => schema.safeParse(text).success
  if (!takes('1h30m') || takes('1 h')) return undefined
  const sign = takes('-1s') ? '[+-]?' : '\\+?'
  return `^\\s*(${sign}(\\d+d?|((\\d+(\\.\\d*)?|\\.\\d+)(ns|us|µs|ms|s|m|h))+))?\\s*$`
}

function withoutReferences(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutReferences)
  if (!isObject(value)) return value
  const members = Object.entries(value).filter(([key]) => key !== '$ref')
  return Object.fromEntries(members.map(([key, member]) => [key, withoutReferences(member)]))
}

function kindSchema(kind: Kind): Schema {
  const withFiles = kind.fromFile.reduce((schema, path) => changeSchema(schema, path, orFile), converted(kind.schema))
  return mapSchemas(kind.writeOnly.reduce(withSecret, withFiles), withVariables)
}

function strictMap(properties: Schema, required: readonly string[], words: Schema): Schema {
  return {
    ...words,
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  }
}

function mapOf(values: Schema, description: string): Schema {
  return { type: 'object', description, additionalProperties: values }
}

const reference = { type: 'string', pattern: '\\$\\{' }

const fileReference = {
  type: 'object',
  description: 'The text of a file.',
  properties: {
    file: { type: 'string', minLength: 1, description: 'The path, relative to the configuration folder.' },
  },
  required: ['file'],
  additionalProperties: false,
}

function orFile(schema: Schema): Schema {
  return either([schema, fileReference])
}

const secret = {
  description: 'A secret; a reference, as nothing secret stands in a file.',
  writeOnly: true,
  anyOf: [{ type: 'string', pattern: '^\\$\\{env:[A-Za-z_][A-Za-z0-9_]*\\}$' }, fileReference],
}

/** Also inside a map of any keys, whose schema does not name it. */
function withSecret(schema: Schema, path: FieldPath): Schema {
  const [name, parent] = [path.at(-1), path.slice(0, -1)]
  return changeSchema(schema, parent, (map) => {
    const { properties = {}, additionalProperties } = map
    const known = isObject(properties) && name !== undefined ? properties[name] : undefined
    if (name === undefined || (known === undefined && !isObject(additionalProperties))) return map
    const { description = secret.description } = (known ?? {}) as Schema
    return { ...map, properties: { ...(properties as JsonObject), [name]: { ...secret, description } } }
  })
}

/** What is said about a whole belongs to the whole, where editors look for it. */
function either([first, ...others]: readonly [Schema, ...Schema[]]): Schema {
  const outer = Object.entries(first).filter(([key]) => ['description', 'default', 'examples'].includes(key))
  const inner = Object.entries(first).filter(([key]) => !['description', 'default', 'examples'].includes(key))
  return { ...Object.fromEntries(outer), anyOf: [Object.fromEntries(inner), ...others] }
}

function changeSchema(schema: Schema, path: FieldPath, change: (schema: Schema) => Schema): Schema {
  const [key, ...rest] = path
  if (key === undefined) return change(schema)
  const result: Record<string, JsonValue> = { ...schema }
  for (const word of ['anyOf', 'oneOf', 'allOf']) {
    const branches = schema[word]
    if (Array.isArray(branches)) result[word] = branches.map((branch) => changeSchema(branch as Schema, path, change))
  }
  const { items, properties } = schema
  if (key === '*' && isObject(items)) result['items'] = changeSchema(items, rest, change)
  const property = isObject(properties) ? properties[key] : undefined
  if (isObject(property))
    result['properties'] = { ...(properties as JsonObject), [key]: changeSchema(property, rest, change) }
  return result
}

/** Wherever a value is no free text already, a text with a variable in it can stand for it; but not for a secret. */
function withVariables(schema: Schema): Schema {
  if (schema['writeOnly'] === true) return schema
  const inner = mapSchemas(schema, withVariables)
  return acceptsReference(schema) ? inner : either([inner, reference])
}

function mapSchemas(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const result: Record<string, JsonValue> = { ...schema }
  for (const word of ['items', 'additionalProperties']) {
    const part = schema[word]
    if (isObject(part) && Object.keys(part).length > 0) result[word] = change(part)
  }
  if (isObject(schema['properties']))
    result['properties'] = Object.fromEntries(
      Object.entries(schema['properties']).map(([name, part]) => [name, change(part as Schema)]),
    )
  for (const word of ['anyOf', 'oneOf', 'allOf']) {
    const branches = schema[word]
    // The whole gets the alternative, not each of its branches.
    if (Array.isArray(branches)) result[word] = branches.map((branch) => mapSchemas(branch as Schema, change))
  }
  return result
}

/** True for the schema of any text, and for one that leaves everything open. */
function acceptsReference(schema: Schema): boolean {
  const { anyOf, type } = schema
  if (Array.isArray(anyOf)) return anyOf.some((branch) => acceptsReference(branch as Schema))
  if (schema['enum'] !== undefined || schema['const'] !== undefined || schema['pattern'] !== undefined) return false
  return type === undefined || type === 'string' || (Array.isArray(type) && type.includes('string'))
}

/** Names of variables, besides the built-in one. */
const propertyNames = { type: 'string', pattern: '^(?!environment$)[A-Za-z_][A-Za-z0-9_-]*$' }

function environmentSchema(kinds: Kinds): object {
  const { properties } = converted(z.strictObject(ownShape(kinds)))
  const { variables, ...own } = properties as Record<string, Schema>
  const sections: Record<string, Schema> = {}
  for (const { kind, at } of environmentKinds(kinds)) insert(sections, at, kindSchema(kind))
  const filled = Object.fromEntries(Object.entries(own).map(([name, part]) => [name, withVariables(part)]))
  const all = { ...filled, variables: { ...variables, propertyNames }, ...sections }
  return strictMap(all, [], { $schema: draft, title: 'An environment of vaultwright' })
}

/** Puts a kind's schema at its place, where `*` is a map of any names. Shorter places come before those inside them. */
function insert(properties: Record<string, Schema>, [key, next, ...rest]: readonly string[], schema: Schema): void {
  if (key === undefined) return
  const here = properties[key] ?? {}
  if (next === '*')
    properties[key] = mapOf(within((here['additionalProperties'] ?? {}) as Schema, rest, schema), `${key}, by name.`)
  else if (next === undefined) properties[key] = { description: `The ${key} as a whole.`, ...within(here, [], schema) }
  else properties[key] = within(here, [next, ...rest], schema)
}

function within(container: Schema, at: readonly string[], schema: Schema): Schema {
  const properties = { ...(container['properties'] as Record<string, Schema> | undefined) }
  if (at.length === 0) return { ...schema, properties: { ...(schema['properties'] as JsonObject), ...properties } }
  insert(properties, at, schema)
  return { type: 'object', additionalProperties: false, ...container, properties }
}

const templatedPolicy = {
  type: 'object',
  description: 'A policy of this role alone, made from policies/<template>.hcl with the variables of the role.',
  properties: {
    name: { type: 'string', minLength: 1, description: "The policy's name." },
    template: { type: 'string', minLength: 1, description: 'The name of the file in policies/, without .hcl.' },
  },
  required: ['name', 'template'],
  additionalProperties: false,
}

function roleSchema(kinds: Kinds): object {
  const kind = kindWrittenIn(kinds, 'role')
  const fields = kind === undefined ? {} : kindSchema(kind)
  const own = {
    name: { type: 'string', minLength: 1, description: "The role's name. Default: the name of the file." },
    mount: {
      type: 'string',
      minLength: 1,
      description: 'The auth mount that the role belongs to.',
      default: 'jwt',
    },
    secrets: {
      ...withVariables(converted(secretsSchema)),
      description: 'What jobs of this role read, by the name of their variable.',
    },
    for_each: {
      description: 'One role for each entry, whose keys are variables of that role.',
      anyOf: [{ type: 'array', items: { type: 'object', propertyNames } }, reference, fileReference],
    },
  }
  const properties = { ...own, ...withTemplates((fields['properties'] ?? {}) as JsonObject) }
  // What an environment adds or removes makes a whole only together with the rest, so nothing is required of a part.
  const part = { ...asOverride(strictMap(properties, [], {})), type: ['object', 'null'] }
  const environments = {
    description: 'Where the role exists: a list of names, or a map whose values are merged over the rest of the file.',
    anyOf: [
      { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
      { type: 'object', minProperties: 1, additionalProperties: part },
    ],
  }
  return strictMap({ ...properties, environments }, ['environments'], {
    $schema: draft,
    title: 'A role of vaultwright',
  })
}

function withTemplates(properties: JsonObject): JsonObject {
  const policies = properties['token_policies']
  return isObject(policies)
    ? { ...properties, token_policies: changeSchema(policies, ['*'], (item) => either([item, templatedPolicy])) }
    : properties
}

/** In a map that is merged over another one, nothing is required and null removes, at any depth. Lists are whole. */
function asOverride({ required: _, ...schema }: Schema): Schema {
  const result: Record<string, JsonValue> = { ...schema }
  const { properties, additionalProperties } = schema
  if (isObject(properties))
    result['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, part]) => [name, removable(part as Schema)]),
    )
  if (isObject(additionalProperties)) result['additionalProperties'] = removable(additionalProperties)
  for (const word of ['anyOf', 'oneOf', 'allOf']) {
    const branches = schema[word]
    if (Array.isArray(branches)) result[word] = branches.map((branch) => asOverride(branch as Schema))
  }
  return result
}

function removable(schema: Schema): Schema {
  return either([asOverride(schema), { type: 'null' }])
}
