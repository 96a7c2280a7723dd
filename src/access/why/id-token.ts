import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { parseJsonText } from '../../core/json-text.ts'

/** What an ID token says, read without checking its signature. */
export interface IdToken {
  readonly header: JsonObject
  readonly claims: JsonObject
}

/** Why a text is no ID token; never quotes it. `empty` is what the server calls a missing token. */
export type NotAToken = { readonly empty: boolean; readonly message: string; readonly help: string }

/** Reads a JSON Web Token in its compact form (RFC 7519). White space around it does not matter. */
export function readIdToken(text: string): IdToken | NotAToken {
  const token = text.trim()
  if (token === '') return emptyToken
  const other = known.find(({ looks }) => looks.test(token))
  if (other !== undefined) return { empty: false, message: other.message, help: other.help }
  const parts = token.split('.')
  const [header, claims] = parts.length === 3 ? parts.slice(0, 2).map(decoded) : []
  return header === undefined || claims === undefined ? malformed : { header, claims }
}

export function isIdToken(token: IdToken | NotAToken): token is IdToken {
  return 'claims' in token
}

const emptyToken: NotAToken = {
  empty: true,
  message: 'the token is empty',
  help: 'The job does not declare the ID token under id_tokens, or reads a variable of another name.',
}

const malformed: NotAToken = {
  empty: false,
  message: 'this is no JSON Web Token: that is three parts with a dot between them, each base64url',
  help: 'Give the value of the variable that id_tokens declares, or claims as JSON with --claims.',
}

/** What is given by mistake, by its looks. */
const known: readonly { readonly looks: RegExp; readonly message: string; readonly help: string }[] = [
  {
    looks: /^\$/,
    message: 'this is the name of a variable, not its value',
    help: 'Let the shell fill it in, with double quotes around it: "$VAULT_ID_TOKEN".',
  },
  {
    looks: /^\{/,
    message: 'this is JSON, not a token',
    help: 'Give claims with --claims.',
  },
  {
    looks: /^\[MASKED\]/,
    message: 'GitLab masked the token in the log',
    help: 'Have the job write it to a file that no artifact holds, or use the claims instead.',
  },
  {
    looks: /^(hv[sbr]|[sbr])\.\w{20,}$/,
    message: 'this is a token of the server, not an ID token of GitLab',
    help: 'The login takes the ID token: the value of the variable that id_tokens declares.',
  },
  {
    looks: /^gl[a-z]+-/,
    message: 'this is an access token of GitLab, not an ID token',
    help: 'The login takes the ID token: the value of the variable that id_tokens declares.',
  },
]

function decoded(part: string): JsonObject | undefined {
  if (!/^[\w-]+$/.test(part)) return undefined
  try {
    const value: JsonValue = parseJsonText(Buffer.from(part, 'base64url').toString('utf8'))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
