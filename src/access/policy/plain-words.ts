import type { PolicyRefusal } from './policy.ts'

/** A refusal for whoever wrote the text: what is wrong, and what to do about it. */
export interface PlainRefusal {
  readonly message: string
  readonly help: string
  /** What they wrote instead of one of these, for a "did you mean". */
  readonly instead?: { readonly written: string; readonly of: 'capability' | 'key' }
}

const rules: readonly (readonly [pattern: RegExp, message: string, help: string])[] = [
  [
    /closing RBRACE got: EOF/,
    'a block is not closed',
    'Add the missing "}"; the server finds out only at the end of the text.',
  ],
  [/got: RBRACE$/, 'there is a "}" too many, or something before it is missing', 'Count the braces up to this place.'],
  [
    /literal not terminated/,
    'a text in quotes does not end on its line',
    'Close the quote; a longer text can be a here-document, <<EOF.',
  ],
  [/comment not terminated/, 'a comment that begins with "/*" does not end', 'Close it with "*/".'],
  [
    /heredoc|zero-length heredoc/,
    'a here-document is not as the server reads it',
    'It begins with <<EOF at the end of a line and ends with EOF alone on one; after <<-EOF that EOF must be indented.',
  ],
  [
    /already set/,
    'a key is assigned twice in one block',
    'Keep one of the assignments; Vault since 1.21 refuses the second.',
  ],
  [
    /expected comma or list end/,
    'a comma is missing between two elements of a list',
    'Separate the elements of a list by commas.',
  ],
  [
    /expected start of object|no object keys found|nested object expected|Unknown token|expected: IDENT/,
    'here should be "key = value" or a block',
    'Write paths as path "secret/data/app" { capabilities = ["read"] }, and quote every text.',
  ],
  [/illegal char escape|unquote/, 'this escape is none', 'Write a backslash as "\\\\".'],
  [
    /illegal char|illegal character/,
    'this character does not belong here',
    'Look for typographic quotes, invisible characters, or a text without quotes.',
  ],
  [
    /invalid use of wildcards/,
    'the path has "+*", which no server takes',
    'A "+" stands for a whole segment: write "+/*", or "*" alone.',
  ],
  [
    /unbalanced templating/,
    'the path has "{{" or "}}" without its counterpart',
    'Write templates as {{identity.entity.id}}.',
  ],
  [/unknown slice type/, 'a list is expected here', 'Put brackets around it, as in capabilities = ["read"].'],
  [
    /unknown type|cannot decode|not an object type|cannot check HCL keys/,
    'this value has the wrong type',
    'Look up what the key takes.',
  ],
  [
    /cannot be less than/,
    'the longest wrapping is shorter than the shortest',
    'Make max_wrapping_ttl at least as long as min_wrapping_ttl.',
  ],
  [/wrapping_ttl|control group max ttl/, 'this duration is none', 'Write seconds or a duration such as "90s" or "1h".'],
  [/invalid expiration time/, 'this time is none', 'Write it as 2030-01-31T12:00:00Z, or as seconds since 1970.'],
  [/invalid policy/, 'this shorthand is none', 'policy takes read, write, sudo or deny.'],
]

const otherwise = ['this is no policy', "See Vault's documentation of policies for what one may hold."] as const

/** In plain words, and the server's. */
export function plainWords({ errors, crash }: PolicyRefusal): PlainRefusal {
  if (crash)
    return {
      message: 'a text in quotes holds an escape at which the server crashes',
      help: 'Write the character itself, or its code as "\\u00e9".',
    }
  const words = (errors[0] ?? '').replace(/^failed to parse policy: /, '').trim()
  const [message, help, instead] = explained(words)
  const said = `${message}; the server says: ${words.replace(/\s+/g, ' ')}`
  return { message: said, help, ...(instead === undefined ? {} : { instead }) }
}

function explained(words: string): readonly [message: string, help: string, instead?: PlainRefusal['instead']] {
  const capability = /invalid capability "(.*)"$/.exec(words)?.[1]
  if (capability !== undefined)
    return [
      'this capability is none',
      'Capabilities are create, read, update, delete, list, patch, sudo and deny.',
      { written: capability, of: 'capability' },
    ]
  const key = /invalid key "([^"]*)" on line/.exec(words)?.[1]
  if (key !== undefined)
    return ['this key is none', 'Take it out; comment = "…" may hold remarks.', { written: key, of: 'key' }]
  const rule = rules.find(([pattern]) => pattern.test(words))
  return rule === undefined ? otherwise : [rule[1], rule[2]]
}
