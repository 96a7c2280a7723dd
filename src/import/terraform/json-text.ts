import { problem, UserError } from '../../core/diagnostic.ts'
import { parseJsonText, TooDeep } from '../../core/json-text.ts'

/**
 * The JSON that Terraform or OpenTofu printed. No parser's words come out: they quote the text, and the text may hold secrets.
 * @param text as decoded from UTF-8
 * Throws UserError, which says what it is instead and what to run.
 */
export function terraformJson(text: string, file: string): unknown {
  try {
    return parseJsonText(text.replace(/^\ufeff/, ''))
  } catch (error) {
    throw new UserError([
      problem(
        'not-terraform',
        `${file}: ${error instanceof TooDeep ? 'this JSON is nested too deeply' : mistakeIn(text)}`,
        'Pass what "terraform show -json" or "tofu show -json" prints.',
      ),
    ])
  }
}

function mistakeIn(text: string): string {
  const start = text.slice(0, 2000)
  if (text.trim() === '') return 'the file is empty'
  if (start.startsWith('PK')) return 'this is a saved plan itself; print it with "terraform show -json <plan>"'
  if (start.includes('\0')) return 'this is UTF-16, which a Windows shell makes of ">"; save it as UTF-8'
  if (/^\s*\{"@level"/.test(start)) return 'this is the log of a run with -json, not a plan'
  if (!/^\s*[[{]/.test(start)) return 'this is text for people, not JSON'
  return 'this JSON is cut off or damaged'
}
