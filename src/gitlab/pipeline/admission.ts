import { decideLogin } from '../../access/login/decide.ts'
import type { LoginDecision } from '../../access/login/login.ts'
import type { AccessModel, ModelMount } from '../../access/model.ts'
import { tokenClaims } from '../../access/promises/token-claims.ts'
import { checkWords } from '../../access/promises/words.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import type { JobRole } from '../job-role.ts'
import { claimsOf, type Project, projectOf, type Start } from './claims.ts'
import { applyEnvironment, applySources } from './deploy.ts'
import type { Place } from './roles.ts'

/** A job of the pipeline as Vault would see it. */
interface Case {
  readonly job: string
  readonly role: JobRole
  readonly start: Start
  /** Whether Vault should let it in. */
  readonly admitted: boolean
}

const branch = 'some-branch'

function casesOf(place: Place): readonly Case[] {
  const { plan, apply, drift, environment } = place
  const deploying = applyEnvironment(place)
  const at = `${environment.name}: `
  const yes = (job: string, role: JobRole, start: Start) => ({ job: at + job, role, start, admitted: true })
  const no = (job: string, role: JobRole, start: Start) => ({ job: at + job, role, start, admitted: false })
  return [
    yes('plan in a merge request', plan, { source: 'merge_request_event', branch }),
    yes('plan on the default branch', plan, { source: 'push' }),
    yes('snapshot in a schedule', plan, { source: 'schedule' }),
    ...applySources(apply).map((source) =>
      yes(`apply on the default branch (${source})`, apply, { source, environment: deploying }),
    ),
    yes('drift in a schedule', drift, { source: 'schedule' }),
    no("plan of a fork's code", plan, { source: 'merge_request_event', branch, fork: true }),
    no('apply on another, unprotected branch', apply, { source: 'push', branch, environment: deploying }),
  ]
}

/** A warning for each job that Vault would refuse, and for each that it would not although it should. */
export function admissionWarnings(place: Place, model: AccessModel): readonly Diagnostic[] {
  const project = projectOf(place)
  return casesOf(place).flatMap((one) => {
    const decision = decide(one, model, project)
    if (decision.ok === one.admitted) return []
    return [decision.ok ? letIn(one) : keptOut(one, decision)]
  })
}

function decide({ role, start }: Case, { server, mounts }: AccessModel, project: Project): LoginDecision {
  const mount: ModelMount = mounts.get(role.mount) ?? { path: role.mount, type: 'jwt', tune: {}, roles: new Map() }
  const { tune, config } = mount
  const inPlace = { mount, role: { mount: role.mount, name: role.name, role: role.role } }
  const claims = tokenClaims(claimsOf(role.role, start, project), inPlace, aTime)
  return decideLogin({
    server,
    mount: role.mount,
    tune,
    // Who keeps the mount elsewhere has configured it: the answer is about the role.
    config: config ?? { oidc_discovery_url: claims['iss'] ?? 'https://gitlab' },
    name: role.name,
    role: role.role,
    claims,
    alg: 'RS256',
    now: aTime,
  })
}

/** Any: a token is as young as its job. */
const aTime = 1_700_000_000

function keptOut({ job, role }: Case, decision: LoginDecision & { readonly ok: false }): Diagnostic {
  const failed = decision.checks.filter(({ ok, skipped }) => !ok && skipped !== true)
  return {
    code: 'job-refused',
    severity: 'warning',
    message: `${job} would be refused by the role ${role.name}: ${decision.error}`,
    help:
      failed.length === 0
        ? 'Change the role, or name another one in gitlab.pipeline.roles of vaultwright.yaml.'
        : `What does not fit: ${failed.map(checkWords).join('; ')}.`,
    source: role.source,
  }
}

function letIn({ job, role, start }: Case): Diagnostic {
  return {
    code: 'job-admitted',
    severity: 'warning',
    message: `${job} would be let in by the role ${role.name}`,
    help: start.fork
      ? 'Bind both project_id and job_project_id: only the two together keep the code of forks out.'
      : 'Bind ref_path and ref_protected: "true".',
    source: role.source,
  }
}
