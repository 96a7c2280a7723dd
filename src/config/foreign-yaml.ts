import { type Diagnostic, UserError } from '../core/diagnostic.ts'
import type { JsonValue } from '../core/json.ts'
import { collectProblems } from './problems.ts'
import { startOf, textFile } from './text.ts'
import { parseYaml } from './yaml.ts'

/**
 * The documents of a YAML or JSON file that another tool's users wrote. Such files hold secrets in places that nobody here
 * knows, so no message repeats anything from them.
 * @param file its name, for messages
 * Throws UserError with everything that is wrong, by line and column.
 */
export function foreignDocuments(file: string, text: string): readonly JsonValue[] {
  const problems = collectProblems()
  const written = textFile(file, text)
  const whole = text.length <= largestText
  if (!whole) problems.error('too-large', 'the file is too large', startOf(written))
  const values = whole ? parseYaml(written, problems, new Set()).map(({ value }) => value) : []
  const found = problems.list()
  if (found.length > 0) throw new UserError(found.map(discreet))
  return values
}

/** In UTF-16 units. What the API of Kubernetes takes is smaller; aliases within have the loader's own limit. */
const largestText = 4 * 1024 * 1024

const [templated, quotes] = [
  'If a template stands here, fill it in first with the tool that it is for.',
  'If it is a text, put it into quotes.',
]

/** What replaces messages that quote the file. */
const words: Readonly<Record<string, Pick<Diagnostic, 'message' | 'help'>>> = {
  'yaml-syntax': { message: 'this is not valid YAML', help: templated },
  'unsafe-number': { message: 'this number would be read as another text', help: quotes },
  'unknown-alias': { message: 'this alias has no anchor above it', help: quotes },
  'too-many-aliases': { message: 'aliases blow this document up, or contain themselves' },
  'duplicate-key': { message: 'this key stands twice in one map', help: 'Remove one of them.' },
  'invalid-key': { message: 'this cannot be a key', help: templated },
  'merge-key': { message: 'the merge key "<<" is not supported', help: 'Write the keys out.' },
  'too-deep': { message: 'the file is nested too deeply' },
  'too-large': { message: 'the file is larger than 4 MiB' },
  'empty-file': { message: 'the file is empty' },
}

function discreet({ code, severity, source }: Diagnostic): Diagnostic {
  const { message, help } = words[code] ?? { message: 'this cannot be read' }
  return {
    code,
    severity,
    message,
    ...(source === undefined ? {} : { source }),
    ...(help === undefined ? {} : { help }),
  }
}
