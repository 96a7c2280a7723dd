import { visible } from './visible.ts'
import { countOf } from './words.ts'

/** A JUnit report as GitLab reads it (gitlab lib/gitlab/ci/parsers/test/junit.rb). */
export interface JunitSuite {
  readonly name: string
  readonly cases: readonly JunitCase[]
}

export interface JunitCase {
  readonly classname: string
  readonly name: string
  /** Relative to the repository's root. */
  readonly file?: string
  /** Present where the case failed. The text may have several lines. */
  readonly failure?: { readonly message: string; readonly type: string; readonly text: string }
  /** What is worth reading of a case that passed. */
  readonly output?: string
}

/** Ends with a line break. */
export function junitDocument(suites: readonly JunitSuite[]): string {
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${counts(suites.flatMap(({ cases }) => cases))}>`,
  ]
  for (const { name, cases } of suites)
    lines.push(`  <testsuite name="${attribute(name)}"${counts(cases)}>`, ...cases.flatMap(caseLines), '  </testsuite>')
  return `${[...lines, '</testsuites>'].join('\n')}\n`
}

function counts(cases: readonly JunitCase[]): string {
  const failures = cases.filter(({ failure }) => failure !== undefined).length
  return ` tests="${cases.length}" failures="${failures}" errors="0" skipped="0"`
}

function caseLines({ classname, name, file, failure, output }: JunitCase): string[] {
  const place = file === undefined ? '' : ` file="${attribute(file)}"`
  const head = `    <testcase classname="${attribute(classname)}" name="${attribute(name)}"${place}`
  const inner = [
    ...(failure === undefined
      ? []
      : [
          `      <failure message="${attribute(failure.message)}" type="${attribute(failure.type)}">${content(failure.text)}</failure>`,
        ]),
    ...(output === undefined ? [] : [`      <system-out>${content(output)}</system-out>`]),
  ]
  return inner.length === 0 ? [`${head}/>`] : [`${head}>`, ...inner, '    </testcase>']
}

/** XML 1.0 knows no way to write most control characters, so they are spelled out, as everywhere, nor two others. */
function attribute(text: string): string {
  const allowed = visible(text).replace(/[\ufffe\uffff]/g, '\ufffd')
  return allowed.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function content(text: string): string {
  return text.split('\n').map(attribute).join('\n')
}

/** "2 problems", for the message of a case that several things make fail. */
export function summed(count: number, first: string): string {
  return count === 1 ? first : `${countOf(count, 'problem')}: ${first}`
}
