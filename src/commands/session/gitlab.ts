import type { GitlabClient } from '../../gitlab-api/client.ts'
import { type GitlabConnection, gitlabConnection, tokenPlaces } from '../../gitlab-api/settings.ts'
import type { Context, OptionSpec, Options } from './command.ts'
import { text } from './options.ts'

/** Options of the commands that ask GitLab itself. */
export const gitlabOptions: readonly OptionSpec[] = [
  {
    flags: '--gitlab-url <url>',
    description: 'address of GitLab; default: CI_API_V4_URL, then CI_SERVER_URL',
  },
  {
    flags: '--token-variable <name>',
    description: 'variable that holds the access token; default: VAULTWRIGHT_GITLAB_TOKEN, then GITLAB_TOKEN',
  },
]

/** Undefined where no token is set: see `tokenSources`. Throws UserError for settings that cannot be meant. */
export function gitlabSettings({ env }: Context, options: Options): GitlabConnection | undefined {
  return gitlabConnection(env, { url: text(options, 'gitlabUrl'), tokenVariable: text(options, 'tokenVariable') })
}

/** The variables that could hold the token, for a message. */
export function tokenSources(options: Options): string {
  return tokenPlaces({ tokenVariable: text(options, 'tokenVariable') })
}

/** Hands a client to the work and closes it afterwards. */
export async function withGitlab<T>(
  { signal }: Context,
  connection: GitlabConnection,
  work: (client: GitlabClient) => Promise<T>,
): Promise<T> {
  const { openGitlab } = await import('../../gitlab-api/client.ts')
  const client = await openGitlab(connection, { signal })
  return await work(client).finally(client.close)
}
