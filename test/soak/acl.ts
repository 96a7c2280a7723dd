import { aclSections } from './acl-sections.ts'
import type { Client } from './client.ts'
import { describeTally } from './tally.ts'

export interface SoakOptions {
  readonly server: Client
  readonly seed: number
  /** How long, about. */
  readonly seconds: number
  /** Takes lines for whoever watches. */
  readonly report: (line: string) => void
}

const casesAtOnce = 50

/**
 * Asks a real server what tokens may do, and ourselves, until the time is over. Throws for the first disagreement, made as
 * small as it gets; says how much of what was tried, in any case.
 */
export async function soak({ server, seed, seconds, report }: SoakOptions): Promise<void> {
  const until = performance.now() + seconds * 1000
  const sections = await aclSections(server, `soak-acl-${process.pid}-${Date.now()}`)
  try {
    for (let round = 0; performance.now() < until; round++)
      for (const section of sections) await section.run(seed + round, casesAtOnce)
  } finally {
    for (const { name, tally } of sections) report(`acl ${name}: ${describeTally(tally)}`)
  }
}
