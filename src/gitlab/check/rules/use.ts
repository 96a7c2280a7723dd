import { type CheckedJob, type CiFinding, type CiRule, eachJob, named } from '../rule.ts'
import { placeIn, type ScriptLine, scriptOf } from '../scripts.ts'
import type { CiSecret } from '../secrets.ts'

/** How the script uses a secret: as a value, or as the path of a file. Said only where a line leaves no doubt. */

const wrongUse: CiRule = {
  id: 'GLC21',
  title: 'a file is used as a value, or a value as a file',
  level: 'warning',
  why: 'Unless file: false is written, the variable holds the path of a temporary file: the program gets that path as the password.',
  example: {
    bad: 'secrets: { DB_PASSWORD: { vault: production/db/password@ops } }\nscript: [psql-login --password "$DB_PASSWORD"]',
    good: 'secrets: { DB_PASSWORD: { vault: production/db/password@ops, file: false } }\nscript: [psql-login --password "$DB_PASSWORD"]',
  },
  check: eachJob(function* (checked) {
    for (const secret of checked.secrets)
      for (const line of scriptOf(checked.job)) {
        const finding = misuse(secret, line, checked)
        if (finding !== undefined) {
          yield finding
          break
        }
      }
  }),
}

function misuse(secret: CiSecret, line: ScriptLine, { job }: CheckedJob): CiFinding | undefined {
  const { name, file } = secret
  const use = usesOf(name, line.text).find((one) => kindOf(one) === (file ? 'value' : 'file'))
  if (use === undefined) return undefined
  return {
    place: placeIn(line, use.written),
    message: file
      ? `${named(job)} uses ${use.written} as a value, and it holds the path of a file`
      : `${named(job)} uses ${use.written} as the path of a file, and it holds the value (file: false)`,
    help: file ? `Add file: false to ${name}, or write "$(cat ${use.written})".` : `Take file: false from ${name}.`,
  }
}

interface Use {
  /** `$NAME` or `${NAME}`, as it stands there. */
  readonly written: string
  /** What stands before and after it on its line. */
  readonly before: string
  readonly after: string
}

function usesOf(name: string, text: string): readonly Use[] {
  // No shell has other names; and a file may hold any.
  if (!/^\w+$/.test(name)) return []
  const pattern = new RegExp(`\\$(?:\\{${name}\\}|${name}(?!\\w))`, 'g')
  return [...text.matchAll(pattern)].slice(0, 100).map(({ 0: written, index }) => ({
    written,
    before: text.slice(Math.max(text.lastIndexOf('\n', index) + 1, index - 200), index),
    after: text.slice(index + written.length, index + written.length + 80).split('\n', 1)[0] ?? '',
  }))
}

const fileContexts = [
  /(?:^|[\s;&|(])(?:cat|head|tail|source|\.|cp|mv|install|base64|stat|chmod|wc|ls|shred|less|file)\s+(?:-\S+\s+)*["']?$/,
  /<\s*["']?$/,
  /@["']?$/,
  /-{1,2}[\w-]*file[= ]\s*["']?$/i,
  /\b\w*(?:FILE|PATH|KUBECONFIG|CREDENTIALS)=["']?$/,
  /(?:^|\s)\[{1,2}\s+-[efrs]\s+["']?$/,
  /\btest\s+-[efrs]\s+["']?$/,
  /\bssh\b[^|;&]*\s-i\s+["']?$/,
]

const valueContexts = [
  // --password "$X", --token=$X, -p$X; not --password-file.
  /(?:^|\s)--[\w-]*(?:password|passwd|token|secret|api-?key|pass|key)[= ]\s*["']?$/i,
  /(?:docker|podman|buildah|skopeo|helm|mysql|mysqldump|mariadb|oras|crane)\b[^|;&]*\s-p[= ]?["']?$/,
  // curl -u user:$X
  /(?:^|\s)(?:-u|--user)[= ]?\s*["']?[^\s"']*:$/,
  // Authorization: Bearer $X, PRIVATE-TOKEN: $X
  /\b(?:Authorization:\s*(?:Bearer|Basic|Token)|[\w-]*(?:Token|Api-?Key|Secret)\s*:)\s*$/i,
  // https://user:$X@host
  /:\/\/[^\s/"'@]*:?$/,
  /(?:^|[\s;&|])(?:export\s+)?\w*(?:PASSWORD|PASSWD|TOKEN|SECRET|API_?KEY)=["']?$/,
]

function kindOf({ before, after }: Use): 'file' | 'value' | undefined {
  if (fileContexts.some((context) => context.test(before))) return 'file'
  if (valueContexts.some((context) => context.test(before))) return 'value'
  // echo "$X" | docker login --password-stdin
  return /(?:^|[\s;&|])(?:echo|printf)\s[^|;&]*$/.test(before) && /^["']?\s*\|/.test(after) ? 'value' : undefined
}

export const useRules: readonly CiRule[] = [wrongUse]
