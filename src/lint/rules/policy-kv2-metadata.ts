import type { Capability } from '../../access/policy/policy.ts'
import { type BlockReport, forBlocks, joined, type PolicyBlock } from '../policy-blocks.ts'
import { type Kv2Path, kv2Path } from '../policy-kv2.ts'
import type { LintSubject, Rule } from '../rule.ts'

export const policyKv2Metadata: Rule = {
  id: 'VWP12',
  title: '"data/" and "metadata/" of kv-v2 mixed up',
  level: 'warning',
  why: 'In kv-v2 the values of secrets are below data/, and their names and versions below metadata/. A list of data/ is refused by the engine, and whoever may read metadata/ alone sees no value.',
  example: {
    bad: 'path "ops/data/*" { capabilities = ["read", "list"] }',
    good: 'path "ops/data/*" { capabilities = ["read"] }\npath "ops/metadata/*" { capabilities = ["list"] }',
  },
  check: forBlocks(function* (block, subject) {
    const path = kv2Path(block, subject)
    if (path?.part === 'data') yield* listOfData(block, path)
    if (path?.part === 'metadata') yield* valuesOfMetadata(block, path, subject)
  }),
}

function* listOfData({ rule }: PolicyBlock, { mount, rest }: Kv2Path): Generator<BlockReport> {
  if (!rule.capabilities.has('list')) return
  yield {
    message: `"list" on "${rule.written}" does nothing: kv-v2 lists below "${mount}/metadata/"`,
    help: `Leave it out, and give "list" on "${mount}/metadata/${rest}" if the names are wanted.`,
  }
}

const ofValues: readonly Capability[] = ['create', 'read', 'update', 'patch']

/** Where the same policy reaches the values as well, or lists the names, whoever wrote it knows the difference. */
function* valuesOfMetadata(block: PolicyBlock, { mount, rest }: Kv2Path, subject: LintSubject): Generator<BlockReport> {
  const { rule, policy } = block
  const found = ofValues.filter((capability) => rule.capabilities.has(capability))
  if (found.length === 0 || rule.capabilities.has('list')) return
  const reaches = policy.rules.some((other) => kv2Path({ rule: other }, subject)?.part === 'data')
  if (reaches) return
  yield {
    message: `${joined(found)} on "${rule.written}" reaches no value of a secret, and nothing in this policy does`,
    help: `Write "${mount}/data/${rest}" if the values are meant.`,
  }
}
