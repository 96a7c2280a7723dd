import { Document, isMap, isScalar, isSeq, visit, type YAMLMap, type YAMLSeq } from 'yaml'
import type { JsonObject } from '../core/json.ts'
import type { GitlabDocument, GitlabEntry } from '../gitlab/document.ts'

/** GitLab reads YAML 1.1 (Ruby's Psych), to which `on`, `1:30` and `012` are no texts unless they are quoted. */
const options = { schema: 'yaml-1.1', aliasDuplicateObjects: false } as const

/** The text of a document, ending in a line break. The same data gives the same text. */
export function gitlabYaml({ comment, header, entries }: GitlabDocument): string {
  const first = header === undefined ? '' : `${textOf(new Document(header, options))}---\n`
  const note = comment === undefined ? '' : `${printable(comment).replace(/^/gm, '# ').replace(/ +$/gm, '')}\n\n`
  return `${note}${first}${entries.map(entryText).join('\n')}`
}

function entryText({ key, comment, value, comments = {} }: GitlabEntry): string {
  const document = new Document({ [key]: value } as JsonObject, options)
  visit(document, { Map: (_, node) => reference(node) })
  if (comment !== undefined) document.commentBefore = spaced(comment)
  const inner = document.get(key)
  if (isMap(inner))
    for (const { key: name } of inner.items) {
      const words = isScalar(name) ? comments[String(name.value)] : undefined
      if (words !== undefined && isScalar(name)) name.commentBefore = spaced(words)
    }
  // A blank line after a comment would part it from what it is about.
  return textOf(document).replace(/^((?:#.*\n)+)\n/, '$1')
}

/** A map whose only key is `!reference` stands for GitLab's tag of that name. */
function reference({ items }: YAMLMap): YAMLSeq | undefined {
  const [only, ...more] = items
  if (more.length > 0 || !isScalar(only?.key) || only.key.value !== '!reference' || !isSeq(only.value)) return undefined
  return Object.assign(only.value, { tag: '!reference', flow: true })
}

/** In quotes stands what must be escaped: the library would write it down as it is. */
function textOf(document: Document): string {
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && printable(node.value) !== node.value) node.type = 'QUOTE_DOUBLE'
    },
  })
  return printable(document.toString({ lineWidth: 0, flowCollectionPadding: false, singleQuote: false }))
}

function spaced(comment: string): string {
  return printable(comment).replace(/^(?=.)/gm, ' ')
}

/** Control characters, and what ends a line in YAML 1.1 (U+0085, U+2028, U+2029), so a comment too; then keys would follow. */
const unprintable = /(?![\n\t])[\p{Cc}\u2028\u2029\ufeff]/gu

/** With escapes that quotes read back, and that a comment just shows. */
function printable(text: string): string {
  return text.replace(unprintable, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
