import { assumedServer, type ServerVersion } from '../../core/version.ts'

/** For questions about every server: what the newest of each product takes, and how. */
export const newestServers: readonly ServerVersion[] = [assumedServer, { product: 'openbao', version: '2.6.1' }]
