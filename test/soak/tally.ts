/** How many questions of each class were asked. */
export interface Tally {
  readonly questions: number
  readonly classes: ReadonlyMap<string, number>
  count(classes: Iterable<string>): void
}

export function newTally(): Tally {
  let questions = 0
  const classes = new Map<string, number>()
  return {
    get questions() {
      return questions
    },
    classes,
    count(names) {
      questions++
      for (const name of names) classes.set(name, (classes.get(name) ?? 0) + 1)
    },
  }
}

/** "20,412 questions: 3,120 overlapping wildcards, …", the most frequent first. */
export function describeTally({ questions, classes }: Tally, noun = 'questions'): string {
  const number = (value: number) => value.toLocaleString('en')
  const parts = [...classes].sort(([, a], [, b]) => b - a).map(([name, count]) => `${number(count)} ${name}`)
  return `${number(questions)} ${noun}: ${parts.join(', ')}`
}
