import type { ClaimConstraint } from '../../access/proof/answers.ts'
import { canAny } from '../../access/proof/can.ts'
import { whoCan } from '../../access/proof/reach.ts'
import type { ClaimWord } from '../../core/access-effect.ts'
import { capabilities } from '../../core/capability.ts'
import { proofRenderers } from '../../render/access/proof.ts'
import type { Command } from '../session/command.ts'
import { colorOption, formatOption, list, text, usage, useColor } from '../session/options.ts'
import { openAccess } from './environments.ts'
import { configurationOptions } from './options.ts'

export const prove: Command = {
  description: [
    'Decides over all tokens and all paths, not over samples: "never", or a token and a path that show the contrary.',
    'Without --claim, also says through which roles it can be done.',
    '',
    "  vaultwright access prove update 'ops/data/production/*' --claim ref_protected=false",
    '',
    'Exit code 0: never. 1: somebody can, it could not be decided, or an error.',
  ].join('\n'),
  arguments: [
    { name: '<capability>', description: `${capabilities.join(', ')}; several with commas` },
    { name: '<path>', description: "paths as a policy writes them, such as 'ops/data/production/*'" },
  ],
  options: [
    ...configurationOptions,
    {
      flags: '--claim <claim=value>',
      description:
        'only tokens with this claim; * is any text, != is any other value, := a JSON value that is no text; may be given several times',
      repeatable: true,
    },
    formatOption('text', 'json'),
    colorOption,
  ],
  async run(context, options, [capability = '', paths = '']) {
    const asked = capability.split(',').map((name) => name.trim())
    const unknown = asked.filter((name) => !(capabilities as readonly string[]).includes(name))
    if (unknown.length > 0)
      throw usage(`there is no capability ${unknown.join(', ')}`, `There are: ${capabilities.join(', ')}.`)
    const claims = constraintsOf(list(options, 'claim'))
    const { environments } = await openAccess(context, options)
    const proofs = environments.map(({ name, model }) => ({
      environment: name,
      answer: canAny(model, { claims, capabilities: asked, paths }),
      ...(claims.length === 0
        ? { reach: asked.map((one) => ({ capability: one, ...whoCan(model, one, paths) })) }
        : {}),
    }))
    const question = { capabilities: asked, paths, claims }
    const render = proofRenderers[(text(options, 'format') ?? 'text') as keyof typeof proofRenderers]
    context.stdout.write(render({ question, proofs }, { color: useColor(context, options, context.stdout) }))
    return proofs.every(({ answer }) => answer.answer === 'never') ? 0 : 1
  },
}

/** `ref=main`, `ref!=main`, `runner_id:=5`; several values of one claim are alternatives, but each `!=` holds. */
function constraintsOf(words: readonly string[]): ClaimConstraint[] {
  const oneOf = new Map<string, ClaimWord[]>()
  const noneOf = new Map<string, ClaimWord[]>()
  for (const word of words) {
    const [, claim, sign, value] = /^([^=!]+?)(!=|:=|=)([\s\S]*)$/.exec(word) ?? []
    if (claim === undefined || value === undefined)
      throw usage(`--claim takes a claim and its value, such as ref_protected=false, not ${JSON.stringify(word)}`)
    const into = sign === '!=' ? noneOf : oneOf
    into.set(claim, [...(into.get(claim) ?? []), sign === ':=' ? scalar(value, word) : wordOf(value)])
  }
  return [
    ...[...oneOf].map(([claim, allowed]) => ({ claim, oneOf: allowed })),
    ...[...noneOf].map(([claim, refused]) => ({ claim, noneOf: refused })),
  ]
}

function wordOf(value: string): ClaimWord {
  return value.includes('*') ? { glob: value } : value
}

function scalar(value: string, word: string): ClaimWord {
  if (/^(true|false)$/.test(value)) return value === 'true'
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  throw usage(`--claim ${word}: after := comes a number, true or false`)
}
