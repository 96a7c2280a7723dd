import { stableStringify } from '../../core/json.ts'
import type { Component } from './component.ts'

/** What a component project's README.md says of the components; the catalog shows it. */

const [begin, end] = ['<!-- vaultwright: components -->', '<!-- vaultwright: end of components -->']

/** The README with the section in it: in place of the one that it has, or at its end. */
export function withComponentSection(readme: string | undefined, components: readonly Component[]): string {
  const section = `${begin}\n${componentSection(components)}${end}\n`
  if (readme === undefined || readme.trim() === '') return `# Components for Vault access as code\n\n${section}`
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)]
  if (from === -1 || to < from) return `${readme.trimEnd()}\n\n${section}`
  return `${readme.slice(0, from)}${section.trimEnd()}${readme.slice(to + end.length)}`
}

function componentSection(components: readonly Component[]): string {
  return [
    '## Components',
    '',
    'Stages `check`, `plan`, `apply` and `watch` are expected, or others that `stage` names. A commit SHA is the safest version.',
    '',
    'Include each once, and `apply` once for each environment. Of two jobs of one name GitLab makes one, whose environments are',
    'those of the last: what differs in audience, mount or role is included once more with a `suffix` of its own, in `apply` as well.',
    '',
    ...example,
    ...components.flatMap(({ name, description, inputs }) => [
      `### ${name}`,
      '',
      description,
      '',
      '| input | default | |',
      '|---|---|---|',
      ...Object.entries(inputs).map(
        ([key, one]) => `| \`${key}\` | ${defaultOf(one['default'])} | ${one.description} |`,
      ),
      '',
    ]),
  ].join('\n')
}

function defaultOf(value: Parameters<typeof stableStringify>[0] | undefined): string {
  if (value === undefined) return 'required'
  return `\`${typeof value === 'string' ? value : stableStringify(value)}\``
}

const example = [
  '```yaml',
  'stages: [check, plan, apply, watch]',
  'include:',
  '  - component: $CI_SERVER_FQDN/<path of this project>/check@<sha>',
  '  - component: $CI_SERVER_FQDN/<path of this project>/plan@<sha>',
  '    inputs: { environments: [staging, production], audience: https://vault.example.com }',
  '  - component: $CI_SERVER_FQDN/<path of this project>/apply@<sha>',
  '    inputs: { environment: production, audience: https://vault.example.com }',
  '  # another server: a suffix of its own',
  '  - component: $CI_SERVER_FQDN/<path of this project>/plan@<sha>',
  '    inputs: { environments: [eu], audience: https://vault-eu.example.com, suffix: -eu }',
  '  - component: $CI_SERVER_FQDN/<path of this project>/apply@<sha>',
  '    inputs: { environment: eu, audience: https://vault-eu.example.com, suffix: -eu, resource_group: vault-eu }',
  '```',
  '',
]
