/**
 * Texts with `${name}` in them, as they stand in files: `$${` is a `${` of the text's own. Here they are made from values;
 * config/template.ts reads them back.
 */

/** A value's text as it is written where `${…}` is filled in. */
export function literalText(text: string): string {
  return text.split('${').join('$${')
}

/** The reference to a variable. */
export function reference(variable: string): string {
  return `\${${variable}}`
}

/** Values of a variable, or texts, by the name of whoever has them, such as of an environment. */
type ByOwner = ReadonlyMap<string, string>

/**
 * One template that is each of the texts once the variable has the value of the same owner; undefined where there is none.
 * A value counts only as a whole word, so `staging` is not found in `upstaging`, and a word that is the same in all texts
 * stays what it is.
 */
export function commonTemplate(texts: ByOwner, values: ByOwner, variable: string): string | undefined {
  return commonOf(texts, values, { variable, spell: literalText })
}

/** The same of texts that are templates already, whose references stay. */
export function commonOfTemplates(texts: ByOwner, values: ByOwner, variable: string): string | undefined {
  return commonOf(texts, values, { variable, spell: (text) => text })
}

/** With more words than this, looking for each of them in each text takes longer than anybody waits. */
const mostWords = 50

interface Commoning {
  readonly variable: string
  readonly spell: (text: string) => string
}

function commonOf(texts: ByOwner, values: ByOwner, how: Commoning): string | undefined {
  const [first = '', ...others] = texts.values()
  if (others.every((text) => text === first)) return how.spell(first)
  const owners = [...texts.keys()]
  const own = owners.map((owner) => {
    const value = values.get(owner) as string
    return { value, parts: splitAtWords(texts.get(owner) as string, [value]) }
  })
  // Mostly nobody's text has the word of somebody else.
  const found = joined(own, how)
  const words = [...new Set(values.values())]
  if (found !== undefined || words.length > mostWords) return found
  return joined(
    own.map(({ value }, at) => ({ value, parts: splitAtWords(texts.get(owners[at] as string) as string, words) })),
    how,
  )
}

/** The parts as one template, if they are the same but for the value of each. */
function joined(
  texts: readonly { readonly value: string; readonly parts: readonly string[] }[],
  { variable, spell }: Commoning,
): string | undefined {
  const [first] = texts
  if (first === undefined || texts.some(({ parts }) => parts.length !== first.parts.length)) return undefined
  let template = ''
  for (const [at, part] of first.parts.entries()) {
    if (texts.every(({ parts }) => parts[at] === part)) template += spell(part)
    // Behind a "$" the reference would be read as a "${" of the text's own.
    else if (template.endsWith('$') || texts.some(({ parts, value }) => parts[at] !== value)) return undefined
    else template += reference(variable)
  }
  return template
}

/** Every second part is one of the words, none of them a part of a longer word. */
export function splitAtWords(text: string, words: readonly string[]): string[] {
  const [only, another] = words
  if (only === undefined || another !== undefined) return text.split(patternOf(words))
  return splitAtWord(text, only)
}

/** By far the most frequent case, and a pattern for each of a thousand words takes long to make. */
function splitAtWord(text: string, word: string): string[] {
  const parts: string[] = []
  let done = 0
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (at < done || isWordSign(text[at - 1]) || isWordSign(text[at + word.length])) continue
    parts.push(text.slice(done, at), word)
    done = at + word.length
  }
  parts.push(text.slice(done))
  return parts
}

function isWordSign(sign: string | undefined): boolean {
  return sign !== undefined && /^[A-Za-z0-9]$/.test(sign)
}

function patternOf(words: readonly string[]): RegExp {
  const longestFirst = [...words]
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`(?<![A-Za-z0-9])(${longestFirst.join('|')})(?![A-Za-z0-9])`)
}

/** Texts, `$${` and references of a template, in order. */
function partsOf(template: string): string[] {
  return template.split(/(\$\$\{|\$\{[A-Za-z_][\w-]*\})/).filter((part) => part !== '')
}

/** What the loader makes of a template: undefined for a variable that is not there. */
export function filledIn(template: string, variables: Readonly<Record<string, string>>): string | undefined {
  let text = ''
  for (const part of partsOf(template)) {
    if (part === '$${') text += '${'
    else if (part.startsWith('${')) {
      const name = part.slice(2, -1)
      if (!Object.hasOwn(variables, name)) return undefined
      text += variables[name]
    } else text += part
  }
  return text
}
