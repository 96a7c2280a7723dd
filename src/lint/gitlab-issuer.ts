import type { ModelMount } from '../access/model.ts'
import { isEmpty, type JsonObject } from '../core/json.ts'

/**
 * Hosts of issuers that are no GitLab: CI services, clouds and clusters that give workloads tokens. Any other issuer is
 * taken for a GitLab, as it may have any name.
 */
const others: readonly RegExp[] = [
  /^token\.actions\.githubusercontent\.com$/,
  /^agent\.buildkite\.com$/,
  /^oidc\.circleci\.com$/,
  /^app\.terraform\.io$/,
  /^(api\.)?bitbucket\.org$/,
  /^vstoken\.(dev\.azure|visualstudio)\.com$/,
  /^(login\.microsoftonline\.com|sts\.windows\.net)$/,
  /^(accounts|container)\.google(apis)?\.com$/,
  /(^|\.)amazonaws\.com$/,
  /^kubernetes\.default(\.svc(\.cluster\.local)?)?$/,
  /\.(okta|oktapreview|auth0|onelogin|pingone)\.com$/,
  /\.spacelift\.io$/,
  /^oidc\.vercel\.com$/,
]

/** Whether the tokens of the mount are those of a GitLab, as far as its configuration tells. */
export function hasGitlabIssuer({ config }: ModelMount): boolean {
  if (config === undefined) return true
  const hosts = [config['bound_issuer'], config['oidc_discovery_url'], config['jwks_url']].flatMap(hostOf)
  if (hosts.some((host) => host.includes('gitlab'))) return true
  return isEmpty(config['provider_config']) && !hosts.some((host) => others.some((other) => other.test(host)))
}

/** With or without a scheme before it. */
function hostOf(address: JsonObject[string] | undefined): string[] {
  if (typeof address !== 'string' || address === '') return []
  return [
    address
      .replace(/^[a-z]+:\/\//i, '')
      .replace(/[/:?#].*$/s, '')
      .toLowerCase(),
  ]
}
