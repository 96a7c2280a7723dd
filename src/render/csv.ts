import { visible } from './visible.ts'

/** For spreadsheets (RFC 4180). */
export function csv(lines: readonly (readonly string[])[]): string {
  return lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('')
}

/** A spreadsheet takes what begins with one of these for a formula; an apostrophe before it makes it text. */
function cell(text: string): string {
  const shown = visible(text)
  const safe = /^[=+\-@|%]/.test(shown.trimStart()) ? `'${shown}` : shown
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
