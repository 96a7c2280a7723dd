import { problem, UserError } from '../core/diagnostic.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import { parseJsonText } from '../core/json-text.ts'

/**
 * GitLab's refusal, or that it could not be reached. Like a VaultError it holds nothing of the request but method and path:
 * neither token nor body.
 */
export class GitlabError extends UserError {
  /** HTTP status; 0 when no answer came. */
  readonly status: number

  constructor(status: number, method: string, path: string, words: string) {
    const shown = [status === 0 ? '' : String(status), words.replace(/^\d{3} (?:- )?/, '')].filter(Boolean).join(' ')
    super([problem('gitlab', `GitLab, ${method} ${path}: ${shown}`, hints[status])])
    this.name = 'GitlabError'
    this.status = status
  }
}

const hints: Readonly<Record<number, string>> = {
  0: 'Check the address of GitLab, and that it can be reached from here.',
  401: 'The token is unknown to this GitLab, expired or revoked. It must be a personal, project or group access token.',
  403: 'The token needs the scope api, and its user a role in the project or group that may do this.',
  404: 'It does not exist, or the token may not see it: GitLab says the same for both.',
  429: 'GitLab limits the rate of requests. Try again in some minutes.',
}

/** Longer ones are pages of a proxy, not words. */
const longestWords = 500

/**
 * What GitLab says of an error: `{"message": "401 Unauthorized"}`, `{"message": {"key": ["is invalid"]}}`,
 * `{"error": "insufficient_scope", "error_description": "…"}`, or plain text (lib/api/helpers.rb, api_guard.rb).
 */
export function errorWords(text: string, type: string | undefined): string {
  if (type?.startsWith('text/html')) return 'a web page instead of an answer of the API'
  const body = parsed(text)
  if (!isObject(body)) return text.trim().slice(0, longestWords)
  const { message, error, error_description: description } = body
  return [error, description, message]
    .filter((part) => part !== undefined && part !== null)
    .map(flat)
    .join(': ')
    .slice(0, longestWords)
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseJsonText(text)
  } catch {
    return undefined
  }
}

function flat(value: JsonValue): string {
  if (Array.isArray(value)) return value.map(flat).join(', ')
  if (isObject(value))
    return Object.entries(value)
      .map(([key, inner]) => `${key} ${flat(inner as JsonValue)}`)
      .join('; ')
  return String(value)
}
