import { liveVault } from '../support/live-vault.ts'
import { conformance } from './suite.ts'

conformance('on a real server', liveVault)
