import { expect, test } from 'vitest'
import { lines, liveSpec, mount, object, openWorld, plan, reach } from '../conformance/world.ts'
import { gitlab, otherGitlab } from '../support/issuer.ts'
import { liveVault } from '../support/live-vault.ts'

const keys = `${gitlab}/oauth/discovery/keys`

/** Each way to trust an issuer, one after the other on one mount; the server contacts it at every write. */
const ways = [
  { oidc_discovery_url: gitlab, bound_issuer: gitlab },
  { jwks_url: keys, jwt_supported_algs: ['RS256'] },
  { jwks_pairs: [{ jwks_url: keys }, { jwks_url: `${otherGitlab}/oauth/discovery/keys`, jwks_ca_pem: '' }] },
  {
    oidc_discovery_url: gitlab,
    oidc_client_id: 'vault',
    oidc_client_secret: '${env:CLIENT_SECRET}',
    oidc_response_mode: 'form_post',
  },
  {
    oidc_discovery_url: gitlab,
    oidc_client_id: 'vault',
    oidc_client_secret: '${env:CLIENT_SECRET}',
    provider_config: { provider: 'azure' },
  },
  { oidc_discovery_url: gitlab },
]

test('every way to trust an issuer replaces the one before it whole, on a real server', async () => {
  const world = await openWorld(await liveVault())
  const config = (spec: (typeof ways)[number]) => [mount(world.id), object('jwt-config', [world.id], spec)]
  await reach(world, [mount(world.id)], [`create auth-mount/${world.id}`])
  // Several key URLs are Vault's alone: OpenBao has no such field, and the plan refuses it there.
  const known = ways.filter((way) => way.jwks_pairs === undefined || world.connection.server.product === 'vault')
  for (const way of known) {
    await reach(world, config(way), lines(await plan(world, config(way))))
    const { oidc_client_secret: _, ...readable } = way as Record<string, unknown>
    expect(await liveSpec(world, object('jwt-config', [world.id], way))).toMatchObject(
      way.jwks_pairs === undefined ? readable : {},
    )
  }
  await world.connection.close()
})
