import type { ClaimWords } from '../../core/access-effect.ts'
import { byText } from '../../core/json.ts'
import { allTokens, type Box, boxKey, excludeEachOther, isInside, narrow, subtractBox } from './box.ts'
import { boxWords, describeAlone, subjectText } from './box-words.ts'
import type { TextWord } from './texts.ts'
import { enumerate } from './value-words.ts'
import { anything, sameWords } from './words.ts'

/** Sets of tokens in words, as a reviewer would say them. Whoever prints them escapes them. */

/** `project 42 on protected refs for environment production`; `any project` where no claim says whose. */
export function describeBoxes(boxes: readonly Box[]): string {
  return boxPhrases(boxes).join(', and of ')
}

/** One text for all tokens of which the same is said besides whose they are; sorted. */
export function boxPhrases(boxes: readonly Box[]): readonly string[] {
  const first = boxes[0]
  if (first !== undefined && boxes.length === 1) return [boxWords(first).text]
  const byRest = new Map<string, Subjects>()
  for (const box of withoutContained(boxes)) {
    const { subject, rest } = boxWords(box)
    const group = byRest.get(rest) ?? { texts: new Set<string>(), named: new Map<string, Map<string, TextWord>>() }
    byRest.set(rest, group)
    if ('text' in subject) group.texts.add(subject.text)
    else {
      const words = group.named.get(subject.claim) ?? new Map<string, TextWord>()
      group.named.set(subject.claim, words)
      for (const word of subject.words) words.set(JSON.stringify(word), word)
    }
  }
  const restsOf = new Map<string, string[]>()
  for (const [rest, group] of byRest) {
    const subject = subjectsText(group)
    restsOf.set(subject, [...(restsOf.get(subject) ?? []), rest])
  }
  return [...restsOf].map(([subject, rests]) => `${subject} ${restsText(rests)}`.trim()).sort(byText)
}

/** Where one of them is all that the subject has, the others say nothing more. */
function restsText(rests: readonly string[]): string {
  return rests.includes('') ? '' : [...rests].sort(byText).join(', or ')
}

interface Subjects {
  readonly texts: Set<string>
  readonly named: Map<string, Map<string, TextWord>>
}

function subjectsText({ texts, named }: Subjects): string {
  const nouns = [...named].map(([claim, words]) => subjectText({ claim, words: [...words.values()] }))
  return enumerate([...nouns, ...[...texts].sort(byText)], 'and')
}

/** More boxes with one subject than this are not compared with each other. */
const mostCompared = 40

/** Without the sets that are part of another one. */
function withoutContained(boxes: readonly Box[]): readonly Box[] {
  const distinct = [...new Map(boxes.map((box) => [boxKey(box), box])).values()]
  if (distinct.length < 2) return distinct
  const shelves = new Map<string, Box[]>()
  for (const box of distinct) {
    const key = shelfOf(box)
    const shelf = shelves.get(key)
    if (shelf === undefined) shelves.set(key, [box])
    else shelf.push(box)
  }
  const open = shelves.get('') ?? []
  return distinct.filter((box) => {
    const key = shelfOf(box)
    const around = [...(key === '' ? [] : (shelves.get(key) ?? [])), ...open]
    return around.length > mostCompared || !around.some((other) => other !== box && isPart(box, other, distinct))
  })
}

/** Only boxes that bind the same project can be in each other, or in one that binds none alone. */
function shelfOf(box: Box): string {
  const list = box.get('project_id')?.allOf[0]
  return list?.length === 1 && typeof list[0] === 'string' ? list[0] : ''
}

/** Of two that are each inside the other, the first stays. */
function isPart(box: Box, other: Box, all: readonly Box[]): boolean {
  return isInside(box, other) && (!isInside(other, box) || all.indexOf(other) < all.indexOf(box))
}

/** What one role admits and another does not: their tokens, and what is new about them in words. */
export interface Admitted {
  readonly boxes: readonly Box[]
  /** What is said of all of them. */
  readonly common: Box
  /** `unprotected refs`, `merge-request pipelines, and environments other than staging, or none`. */
  readonly text: string
}

/**
 * What the first admits and the second does not, claim by claim: a token is new if any of its claims is one that the second
 * keeps out. So the boxes may overlap.
 */
export function describeAdmitted(box: Box, other: Box): Admitted {
  const changed = changedClaims(box, other)
  const apart = changed.some((claim) =>
    excludeEachOther(claim, box.get(claim) ?? anything, other.get(claim) ?? anything),
  )
  if (apart) return { boxes: [box], common: box, text: changedText(box, changed) }
  const parts = changed.flatMap((claim) => subtractBox(only(box, claim), only(other, claim)))
  const texts = parts.map(describeAlone).filter((text) => text !== '')
  const boxes = parts.flatMap((part) => narrowed(box, part))
  if (texts.length === 0 || boxes.length === 0) return { boxes: [box], common: box, text: describeBoxes([box]) }
  const widened = new Set(parts.flatMap((part) => [...part.keys()]))
  return {
    boxes,
    common: new Map([...box].filter(([claim]) => !widened.has(claim))),
    text: texts.join(', and '),
  }
}

function changedClaims(box: Box, other: Box): readonly string[] {
  const changed: string[] = []
  box.forEach((words, claim) => {
    if (!sameWords(words, other.get(claim))) changed.push(claim)
  })
  other.forEach((_, claim) => {
    if (!box.has(claim)) changed.push(claim)
  })
  return changed
}

function only(box: Box, claim: string): Box {
  const words = box.get(claim)
  return words === undefined ? allTokens : new Map([[claim, words]])
}

function narrowed(box: Box, part: Box): readonly Box[] {
  let smaller: Box | undefined = box
  for (const [claim, words] of part) smaller = smaller && narrow(smaller, claim, words)
  return smaller === undefined ? [] : [smaller]
}

/** Nothing that was admitted is any more, so that what the role says now says it. */
function changedText(box: Box, changed: readonly string[]): string {
  const named = new Map<string, ClaimWords>()
  const free = new Set<string>()
  for (const claim of changed) {
    const words = box.get(claim)
    if (words === undefined) free.add(`any ${freeNouns[claim] ?? claim}`)
    else named.set(claim, words)
  }
  const texts = [describeAlone(named), ...free].filter((text) => text !== '')
  return texts.length === 0 ? describeBoxes([box]) : texts.join(' with ')
}

const freeNouns: Readonly<Record<string, string>> = {
  ref: 'ref',
  ref_path: 'ref',
  ref_type: 'ref',
  ref_protected: 'ref',
  project_id: 'project',
  project_path: 'project',
  namespace_id: 'group',
  namespace_path: 'group',
  pipeline_source: 'pipeline',
}
