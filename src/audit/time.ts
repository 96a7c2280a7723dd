/**
 * RFC 3339 in one spelling that sorts as text: UTC with nine digits of the second, as the servers count them. Undefined for
 * anything else.
 */
export function sortableTime(time: string): string | undefined {
  const [, seconds, fraction = '', zone] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? []
  if (seconds === undefined) return undefined
  const moment = new Date(`${seconds}${zone}`)
  if (Number.isNaN(moment.getTime())) return undefined
  return `${moment.toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}Z`
}
