import type { Via } from '../../core/configuration.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import type { JobRole } from '../job-role.ts'

/** Why no template can be written for a role: each text that would mean something else to GitLab, and what is not there. */
export function problemsOf(role: JobRole, via: Via): readonly Diagnostic[] {
  const { environment, address, audiences, mount, secrets, source } = role
  const at = `${address} of environment ${environment.name}`
  const refuse = (code: string, message: string, help: string): Diagnostic => ({
    code,
    severity: 'error',
    message,
    source,
    help,
  })
  const texts: readonly (readonly [string, string | undefined])[] = [
    ['the audience', audiences[0]],
    ['the address of the server', environment.address],
    ['the namespace', environment.namespace],
    ['the mount', mount],
    ...(via === 'secrets'
      ? Object.entries(secrets).map(([name, use]) => [name, Object.values(use).join()] as const)
      : []),
  ]
  return [
    ...(audiences.length > 0
      ? []
      : [
          refuse(
            'no-audience',
            `${at} binds no audience, and GitLab issues no ID token without one`,
            'Give the role bound_audiences, such as the URL of the server.',
          ),
        ]),
    ...texts
      .filter(([, text]) => text?.includes('$'))
      .map(([what]) =>
        refuse(
          'gitlab-variable',
          `${what} of ${at} holds a "$", with which a variable begins in GitLab`,
          'Choose a name without "$", or read this secret by "--via script".',
        ),
      ),
    ...Object.entries(secrets)
      .filter(([, { field }]) => via === 'script' && /\p{Cc}/u.test(field))
      .map(([name]) =>
        refuse(
          'gitlab-field',
          `the field of ${name} of ${at} holds a control character, which a script cannot ask for`,
          'Store it under another key.',
        ),
      ),
  ]
}
