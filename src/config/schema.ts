import * as z from 'zod'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath, Kind, Kinds } from '../core/kind.ts'
import { kindWrittenIn } from './draft.ts'
import { environmentKinds, ownShape } from './environment.ts'
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
export function jsonSchemas(kinds: Kinds): Record<'environment' | 'role' | 'settings', object> {
  return {
    environment: environmentSchema(kinds),
    role: roleSchema(kinds),
    settings: { $schema: draft, title: 'Settings of vaultwright', ...converted(settingsSchema) },
  }
}

/** What a schema refers to is "any JSON value", which in JSON Schema needs no definition. */
function converted(schema: z.ZodType): Schema {
  const { $schema: _, $defs: __, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return withoutReferences(rest as JsonObject) as Schema
}

function withoutReferences(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutReferences)
  if (!isObject(value)) return value
  const members = Object.entries(value).filter(([key]) => key !== '$ref')
  return Object.fromEntries(members.map(([key, member]) => [key, withoutReferences(member)]))
}

function kindSchema(kind: Kind): Schema {
  const withFiles = kind.fromFile.reduce((schema, path) => changeSchema(schema, path, orFile), converted(kind.schema))
  return mapSchemas(withFiles, withVariables)
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

function orFile(schema: Schema): Schema {
  const file = {
    type: 'object',
    description: 'The text of a file; the path is relative to the configuration folder.',
    properties: { file: { type: 'string' } },
    required: ['file'],
    additionalProperties: false,
  }
  return either([schema, file])
}

/** A description belongs to the whole, where editors look for it. */
function either([first, ...others]: readonly [Schema, ...Schema[]]): Schema {
  const { description, ...rest } = first
  return { ...(description === undefined ? {} : { description }), anyOf: [rest, ...others] }
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

/** Wherever a value is no free text already, a text with a variable in it can stand for it. */
function withVariables(schema: Schema): Schema {
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

function environmentSchema(kinds: Kinds): object {
  const { properties } = converted(z.strictObject(ownShape(kinds)))
  const { variables, ...own } = properties as Record<string, Schema>
  const sections: Record<string, Schema> = {}
  for (const { kind, at } of environmentKinds(kinds)) insert(sections, at, kindSchema(kind))
  const filled = Object.fromEntries(Object.entries(own).map(([name, part]) => [name, withVariables(part)]))
  const all = { ...filled, variables: variables as Schema, ...sections }
  return strictMap(all, [], { $schema: draft, title: 'An environment of vaultwright' })
}

/** Puts a kind's schema at its place, where `*` is a map of any names. Shorter places come before those inside them. */
function insert(properties: Record<string, Schema>, [key, next, ...rest]: readonly string[], schema: Schema): void {
  if (key === undefined) return
  const here = properties[key] ?? {}
  if (next === '*')
    properties[key] = mapOf(within((here['additionalProperties'] ?? {}) as Schema, rest, schema), `${key}, by name.`)
  else properties[key] = within(here, next === undefined ? [] : [next, ...rest], schema)
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
  properties: { name: { type: 'string' }, template: { type: 'string' } },
  required: ['name', 'template'],
  additionalProperties: false,
}

function roleSchema(kinds: Kinds): object {
  const kind = kindWrittenIn(kinds, 'role')
  const fields = kind === undefined ? {} : kindSchema(kind)
  const own = {
    name: { type: 'string', description: "The role's name. Default: the name of the file." },
    mount: { type: 'string', description: 'The auth mount that the role belongs to.', default: 'jwt' },
    secrets: {
      ...withVariables(converted(secretsSchema)),
      description: 'What jobs of this role read, by the name of their variable.',
    },
    for_each: {
      description: 'One role for each entry, whose keys are variables of that role.',
      anyOf: [{ type: 'array', items: { type: 'object' } }, orFile({ type: 'string', pattern: '\\$\\{' })],
    },
  }
  const properties = { ...own, ...withTemplates((fields['properties'] ?? {}) as JsonObject) }
  // What an environment adds or removes makes a whole only together with the rest, so nothing is required of a part.
  const part = { ...strictMap(removable(properties), [], {}), type: ['object', 'null'] }
  const environments = {
    description: 'Where the role exists: a list of names, or a map whose values are merged over the rest of the file.',
    anyOf: [
      { type: 'array', items: { type: 'string' } },
      { type: 'object', additionalProperties: part },
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

function removable(properties: JsonObject): Schema {
  const entries = Object.entries(properties).map(([name, part]) => [name, either([part as Schema, { type: 'null' }])])
  return Object.fromEntries(entries)
}
