import type { Binding, EnvironmentBindings } from '../../access/why/bindings.ts'
import { formatDuration } from '../../core/duration.ts'
import { secretWords } from '../bindings/words.ts'
import { fence, span } from '../markdown-span.ts'
import { type DynamicAdvice, madeBy, pages, type ReportFacts } from './facts.ts'

/** Output (d): what to do for each variable, in which order, and how to see that it is done. */
export function cutoverPage(facts: ReportFacts): string {
  return [
    `<!-- ${madeBy} -->`,
    '# (d) Cutover checklist',
    '',
    'From static CI/CD variables to Vault, one variable at a time, one environment at a time. For each:',
    '',
    ...facts.steps.map(([name, meaning], index) => `${index + 1}. **${name}**: ${meaning}.`),
    '',
    '`vaultwright migrate inventory` finds the variables, and `vaultwright migrate checklist` keeps this list with what was',
    'really seen of each step.',
    '',
    '## Before',
    '',
    ...facts.vault.map(({ environment }) => `- [ ] ${span(environment)}: ${before(environment)}`),
    `- [ ] The templates of \`${pages.jobs}\` are in a project that others include from, and a protected branch keeps them.`,
    '- [ ] Runners reach the server, and trust its certificate: `VAULT_CACERT` in the environment of the runner process.',
    '- [ ] Clocks of GitLab and of the server differ by less than a minute.',
    '',
    ...facts.bindings.flatMap((environment) => environmentLines(environment, facts)),
    '## After',
    '',
    '- [ ] A pipeline of every project succeeded after its variables were deleted.',
    '- [ ] The values that were CI/CD variables are rotated: whoever could read them then may have kept them.',
    '- [ ] No variable of the inventory is left that is a secret: `vaultwright migrate inventory` again.',
    '',
  ].join('\n')
}

function before(environment: string): string {
  return `\`vaultwright plan -e ${environment}\` shows no changes, and \`vaultwright test\` keeps its promises.`
}

function environmentLines(environment: EnvironmentBindings, facts: ReportFacts): string[] {
  const reading = environment.bindings.filter(({ secrets }) => Object.keys(secrets).length > 0)
  return [
    `## ${span(environment.environment)}`,
    '',
    ...(reading.length === 0 ? ['No role here reads secrets.', ''] : reading.flatMap((one) => roleLines(one, facts))),
    ...reading.flatMap(leaseLines),
    ...(facts.dynamic.get(environment.environment) ?? []).flatMap(adviceLines),
  ]
}

function roleLines(binding: Binding, { steps, inShell }: ReportFacts): string[] {
  const { row, template = '' } = binding
  return [
    `### ${span(`${row.mount}/${row.role}`)}, by ${span(template)}`,
    '',
    `| Variable | In Vault | ${steps.map(([name]) => name).join(' | ')} |`,
    `| --- | --- | ${steps.map(() => '---').join(' | ')} |`,
    ...secretWords(binding).map(({ variable, path, field, as }) => {
      const boxes = steps.map(([name]) => (isMade(binding, variable) && noValue.includes(name) ? '–' : '[ ]'))
      return `| ${span(variable)} | ${span(path)} field ${span(field)}, as ${as} | ${boxes.join(' | ')} |`
    }),
    '',
    ...commands(binding, inShell),
  ]
}

/** Steps that a secret has none of which an engine makes. */
const noValue: readonly string[] = ['written', 'compared']

function isMade({ secrets }: Binding, variable: string): boolean {
  return secrets[variable]?.engine === 'generic'
}

/** The first secret that somebody keeps stands for all of them: the others differ in their names only. */
function commands({ secrets, template = '' }: Binding, inShell: string | undefined): string[] {
  const kept = Object.entries(secrets).find(([, { engine }]) => engine !== 'generic')
  if (kept === undefined) return []
  const [variable, { engine, mount, path, field, file = true }] = kept
  const value = file ? `cat "$${variable}"` : `printf %s "$${variable}"`
  const compare = `test "$(printf %s "$OLD_${variable}" | sha256sum)" = "$(${value} | sha256sum)"`
  const job = [
    `compare ${variable}:`,
    `  extends: ${template}`,
    '  script:',
    `    - ${inShell === undefined ? compare : `${inShell} '${compare}'`}`,
  ]
  return [
    'Written, without the value in a history of commands (`read -rs VALUE` takes it from the keyboard):',
    '',
    fence('sh', writing(engine, mount, path, field)),
    '',
    `Compared: for a while, keep the CI/CD variable as ${span(`OLD_${variable}`)}, and let a job say whether both are equal:`,
    '',
    fence('yaml', job.join('\n')),
    '',
  ]
}

/** kv-v1 has neither versions nor a patch. */
function writing(engine: string, mount: string, path: string, field: string): string {
  const command = (verb: string, note: string) => {
    const words = [`-mount=${mount}`, path, `${field}=-`].map(word)
    return `printf %s "$VALUE" | vault kv ${verb} ${words.join(' ')}    # ${note}`
  }
  if (engine !== 'kv-v2') return command('put', 'with all its other fields, which a put replaces')
  return [
    command('put -cas=0', 'a new secret; refused where one is there'),
    command('patch', 'one more field of a secret that is there'),
  ].join('\n')
}

/** As one word of a shell. */
function word(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** Secrets that an engine makes anew for each job: there is nothing to rotate, and the lease is what counts. */
function leaseLines({ row, secrets }: Binding): string[] {
  const made = Object.entries(secrets).filter(([, { engine }]) => engine === 'generic')
  if (made.length === 0) return []
  const names = made.map(([name, { apiPath }]) => `${span(name)} from ${span(apiPath)}`).join(', ')
  const ttl = `its tokens live ${formatDuration(row.ttl)}, and a job that runs longer loses them`
  return [`**Made anew for each job of ${span(row.role)}:** ${names}. Their leases end with the token: ${ttl}.`, '']
}

function adviceLines({ engine, keys, why, example }: DynamicAdvice): string[] {
  const setup = setups[engine]
  return [
    `**${keys.map(span).join(' and ')} could be dynamic** (engine ${span(engine)}). ${why}`,
    '',
    ...(setup === undefined ? [] : ['On the server, once:', '', fence('sh', setup), '', 'In the role:', '']),
    fence('yaml', example.join('\n')),
    '',
  ]
}

/** The names are those of the examples; times and statements are for people to choose. */
const setups: Readonly<Record<string, string>> = {
  database: [
    'vault secrets enable database',
    'vault write database/config/app plugin_name=postgresql-database-plugin allowed_roles=app \\',
    '  connection_url="postgresql://{{username}}:{{password}}@db.example.com:5432/app" username=vault password=-',
    'vault write database/roles/app db_name=app default_ttl=1h max_ttl=1h \\',
    '  creation_statements="CREATE ROLE \\"{{name}}\\" LOGIN PASSWORD \'{{password}}\' VALID UNTIL \'{{expiration}}\'"',
  ].join('\n'),
  aws: [
    'vault secrets enable aws',
    'vault write aws/roles/deploy credential_type=iam_user policy_document=@deploy.json',
  ].join('\n'),
}
