/**
 * The claims of GitLab's ID tokens (lib/gitlab/ci/jwt.rb, jwt_v2.rb, lib/json_web_token/user_project_token_claims.rb),
 * and since which version of GitLab tokens have them; '0' for longer than anybody remembers.
 */
export const gitlabClaims: Readonly<Record<string, string>> = {
  ...since('0', 'iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'),
  ...since('0', 'project_id', 'project_path', 'namespace_id', 'namespace_path', 'user_id', 'user_login', 'user_email'),
  ...since('0', 'pipeline_id', 'pipeline_source', 'job_id', 'ref', 'ref_type', 'ref_protected'),
  ...since('0', 'environment', 'environment_protected'),
  ...since('15.2', 'deployment_tier'),
  ...since('16.0', 'ref_path', 'runner_id', 'runner_environment', 'sha', 'user_identities'),
  ...since('16.2', 'ci_config_ref_uri', 'ci_config_sha'),
  ...since('16.3', 'project_visibility'),
  ...since('16.5', 'environment_action'),
  ...since('16.9', 'user_access_level'),
  ...since('17.3', 'groups_direct'),
  ...since('18.4', 'job_project_id', 'job_project_path', 'job_namespace_id', 'job_namespace_path'),
  ...since('18.9', 'job_source', 'job_config'),
  ...since('19.2', 'source_project_id', 'source_project_path', 'source_namespace_id', 'source_namespace_path'),
  ...since('0', 'target_audience'),
}

/** Tokens have them only where the job has `environment:`. */
export const environmentClaims: readonly string[] = [
  'environment',
  'environment_protected',
  'environment_action',
  'deployment_tier',
]

function since(version: string, ...claims: readonly string[]): Record<string, string> {
  return Object.fromEntries(claims.map((claim) => [claim, version]))
}
