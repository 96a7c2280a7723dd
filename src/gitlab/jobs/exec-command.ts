import type { JobRole } from '../job-role.ts'

/** Beside the checkout, where the runner keeps files of its own for the job. */
const manifestFile = '$CI_PROJECT_DIR.tmp/vault-secrets.json'

/** How a job of the template runs a command with its secrets. */
export const execCommand = `vaultwright exec --secrets "${manifestFile}" -- <command>`

/** The line of before_script that writes down what `vaultwright exec` is to read: a job's project has no configuration. */
export function manifestLine({ environment: { address, namespace }, mount, name, secrets }: JobRole): string {
  const manifest = { address, namespace, mount, role: name, secrets }
  const text = JSON.stringify(manifest, null, 2)
  return `mkdir -p "$CI_PROJECT_DIR.tmp"\ncat >"${manifestFile}" <<'END'\n${text}\nEND\n`
}
