/** What generated cases are made from; a failing run names it, and with it the run can be repeated. */
export function seed(): number {
  return wholeNumber('VAULTWRIGHT_SEED') ?? 20_240_229
}

/** How many cases to try: what `VAULTWRIGHT_CASES` says, else as many as a run of all tests has time for. */
export function cases(usual: number): number {
  return wholeNumber('VAULTWRIGHT_CASES') ?? usual
}

function wholeNumber(variable: string): number | undefined {
  const text = process.env[variable]
  if (text === undefined || text === '') return undefined
  if (!/^-?\d+$/.test(text)) throw new Error(`${variable} is "${text}"; it takes a whole number.`)
  return Number(text)
}
