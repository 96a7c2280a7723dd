import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { repository } from './program.ts'

/**
 * A block of a page that a comment names: a file to write, or what the words after `vaultwright` print. Markdown that is
 * `rendered` is a quotation between two comments instead of fences.
 */
export interface Example {
  readonly what: 'file' | 'output' | 'rendered'
  readonly name: string
  readonly content: string
}

/** Those of a page of this repository, in order. */
export function examplesOf(page: string): readonly Example[] {
  const text = readFileSync(join(repository, page), 'utf8')
  const blocks = text.matchAll(
    /<!-- (?:(file|output): (.+?) -->\n```\w*\n([\s\S]*?)```\n|rendered: (.+?) -->\n([\s\S]*?)<!-- \/rendered -->)/g,
  )
  return [...blocks].map(([, what = 'rendered', name, content, command = '', markdown = '']) => ({
    what: what as Example['what'],
    name: name ?? command,
    content: content ?? markdown.replace(/^> ?/gm, ''),
  }))
}

export function writeExample(folder: string, { name, content }: Example): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), content)
}
