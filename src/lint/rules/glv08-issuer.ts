import type { ModelMount } from '../../access/model.ts'
import { isEmpty, type JsonObject } from '../../core/json.ts'
import { hasGitlabIssuer } from '../gitlab-issuer.ts'
import type { Finding, Rule } from '../rule.ts'

export const glv08: Rule = {
  id: 'GLV08',
  title: 'an issuer that is not checked, or that no token has',
  level: 'error',
  why: 'The "iss" of an ID token is the whole URL of the GitLab, exactly as its discovery document says it. A bare host, as pages about the removed CI_JOB_JWT show it, fits no token, and where bound_issuer is unset the server does not look at "iss" at all.',
  example: {
    bad: 'config: { oidc_discovery_url: "https://gitlab.example.com", bound_issuer: gitlab.example.com }',
    good: 'config: { oidc_discovery_url: "https://gitlab.example.com", bound_issuer: "https://gitlab.example.com" }',
  },
  *check({ model, environment }) {
    for (const mount of model.mounts.values()) {
      const object = environment.desired.find(({ path }) => path === `auth/${mount.path}/config`)
      const wrong = object !== undefined && isForJobs(mount) ? mistake(mount, mount.config ?? {}) : undefined
      if (object !== undefined && wrong !== undefined) yield { object, field: ['bound_issuer'], ...wrong }
    }
  },
}

/** With jwks_pairs the server takes no bound_issuer (vault-plugin-auth-jwt path_config.go). */
function isForJobs(mount: ModelMount): boolean {
  return hasGitlabIssuer(mount) && isEmpty(mount.config?.['jwks_pairs']) && isEmpty(mount.config?.['oidc_client_id'])
}

function mistake({ path }: ModelMount, config: JsonObject): Omit<Finding, 'object' | 'field'> | undefined {
  const issuer = typeof config['bound_issuer'] === 'string' ? config['bound_issuer'] : ''
  const discovery = typeof config['oidc_discovery_url'] === 'string' ? config['oidc_discovery_url'] : ''
  const wrong = whatIsWrong(issuer, discovery)
  if (wrong === undefined) return undefined
  const safe = discovery !== '' && bare(discovery).startsWith(bare(issuer))
  return {
    message: `the mount ${path} ${wrong}`,
    help: `Write bound_issuer: ${discovery === '' ? 'the URL of the GitLab, with https://' : `"${discovery}", the same as oidc_discovery_url`}.`,
    ...(safe ? { fix: { field: ['bound_issuer'], value: discovery } } : {}),
  }
}

function whatIsWrong(issuer: string, discovery: string): string | undefined {
  if (issuer === '') return 'has no bound_issuer, so the issuer of a token is not checked'
  if (!/^https?:\/\//.test(issuer))
    return `has bound_issuer "${issuer}", which is no URL: every login is refused with "invalid issuer (iss) claim"`
  if (discovery === '' || issuer === discovery) return undefined
  return `has bound_issuer "${issuer}", but the issuer of oidc_discovery_url is "${discovery}": every login is refused with "invalid issuer (iss) claim"`
}

/** Without scheme and slashes at its end: what differs in nothing else was meant to be the same. */
function bare(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/\/+$/, '')
}
