import type { JsonObject, JsonValue } from '../core/json.ts'
import { type Budget, newBudget, type Work } from './budget.ts'
import type { Details, Problems, Use } from './problems.ts'
import { variableName } from './template.ts'
import { type Place, quoted } from './text.ts'

/** What `${env:NAME}` may read, and where mistakes go. The same for all files. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Names that vaultwright.yaml allows. */
  readonly allowed: readonly string[]
  readonly problems: Problems
  readonly work: Work
}

export interface Definition {
  readonly value: JsonValue
  readonly place: () => Place
}

/** A variable's value; undefined for one that turned out wrong and is already reported. */
export interface Resolved {
  readonly value: JsonValue | undefined
  /** How many variables of its scope stand one behind the other in it, itself included. */
  readonly depth: number
}

/** Names that `${name}` can stand for. An entry of for_each has a scope of its own, inside that of the environment. */
export interface Scope {
  readonly definitions: ReadonlyMap<string, Definition>
  readonly outer?: Scope
  /** Where a person would define another one. */
  readonly help: string
  readonly use?: Use | undefined
  /** For whom the text is filled in, where that is not written at the text itself. */
  readonly related?: Details['related'] | undefined
  readonly surroundings: Surroundings
  readonly budget: Budget
  /** Filled in as they are asked for. */
  readonly values: Map<string, Resolved>
}

export function ownerOf(name: string, scope: Scope | undefined): Scope | undefined {
  return scope === undefined || scope.definitions.has(name) ? scope : ownerOf(name, scope.outer)
}

export function namesOf(scope: Scope | undefined): string[] {
  return scope === undefined ? [] : [...scope.definitions.keys(), ...namesOf(scope.outer)]
}

/** Always the name of the environment. */
const builtInName = 'environment'

type ScopeOptions = Pick<Scope, 'help' | 'surroundings' | 'use' | 'related'>

/** The outermost scope of an environment: what is defined without anybody writing it. */
export function builtInScope(environment: string, place: Place, options: ScopeOptions): Scope {
  return {
    definitions: new Map([[builtInName, { value: environment, place: () => place }]]),
    values: new Map([[builtInName, { value: environment, depth: 1 }]]),
    budget: newBudget(),
    ...options,
  }
}

/**
 * A scope of the given variables. A name that nothing could refer to, and a new meaning of the built-in one, are errors.
 * @param place where a variable, or its name, is written
 */
export function createScope(
  variables: JsonObject,
  place: (name: string, what?: 'key') => Place,
  options: ScopeOptions & { readonly outer: Scope },
): Scope {
  const { problems } = options.surroundings
  const definitions = new Map<string, Definition>()
  for (const [name, value] of Object.entries(variables)) {
    if (name === builtInName)
      problems.error(
        'invalid-name',
        '"environment" is built in: it is always the name of the environment',
        place(name, 'key'),
        {
          help: 'Give the variable another name.',
        },
      )
    else if (!variableName.test(name))
      problems.error('invalid-name', `${quoted(name)} cannot be the name of a variable`, place(name, 'key'), {
        help: 'Use letters, digits, "_" and "-", the first a letter or "_".',
      })
    else definitions.set(name, { value, place: () => place(name) })
  }
  return { definitions, values: new Map(), budget: options.outer.budget, ...options }
}
