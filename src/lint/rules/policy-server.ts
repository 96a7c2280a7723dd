import type { Capability } from '../../access/policy/policy.ts'
import { matchesGlob } from '../../core/glob.ts'
import { forBlocks, joined, pathOf } from '../policy-blocks.ts'
import type { Rule } from '../rule.ts'

const writing: readonly Capability[] = ['create', 'update', 'patch', 'delete', 'sudo', 'recover']
const folders = ['sys/', 'auth/', 'identity/']

/** What a token does with itself, asks about, or wraps: none of it changes anything of others. */
const harmless: readonly RegExp[] = [
  /^auth\/token\/(lookup|renew|revoke)-self$/,
  /^sys\/(capabilities|capabilities-self|renew|internal\/ui\/.*)$/,
  /^sys\/leases\/(renew|lookup)$/,
  /^sys\/(wrapping|tools)\//,
  /^sys\/control-group\/request$/,
  /^identity\/lookup\/(entity|group)$/,
  /^identity\/oidc\/provider\/[^/]+\/authorize$/,
]

export const policyServer: Rule = {
  id: 'VWP15',
  title: 'writing to sys/, auth/ or identity/',
  level: 'warning',
  why: 'Whoever may write policies, roles, mounts or entities can give themselves any access. The policies that do so are the ones to keep few, and to know by name.',
  example: {
    bad: '# policies/app.hcl\npath "sys/policies/acl/*" { capabilities = ["update"] }',
    good: '# vaultwright.yaml\nlint: { administrators: ["vaultwright-*", "platform-admin"] }',
  },
  check: forBlocks(function* (block, { settings }) {
    const { rule, policy } = block
    const path = pathOf(block)
    const found = writing.filter((capability) => rule.capabilities.has(capability))
    if (found.length === 0 || !folders.some((folder) => path.startsWith(folder) || isPrefixOf(path, folder))) return
    if (harmless.some((pattern) => pattern.test(path))) return
    if (settings.lint.administrators.some((name) => matchesGlob(name.toLowerCase(), policy.name))) return
    yield {
      message: `policy "${policy.name}" allows ${joined(found)} on "${rule.written}"`,
      help: `Leave it out; or list the policy under lint.administrators in vaultwright.yaml, if it is meant to administer the server.`,
    }
  }),
}

/** `s*` and `sys*` reach sys/ as well; what begins with a wildcard is a matter of its own. */
function isPrefixOf(path: string, folder: string): boolean {
  const beginning = path.endsWith('*') ? path.slice(0, -1) : `${path}/`
  return beginning !== '' && beginning !== '/' && folder.startsWith(beginning)
}
