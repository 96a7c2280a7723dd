import { describe, test } from 'vitest'
import { accessStories } from './access-stories.ts'
import { loginStories } from './login-stories.ts'
import { stories } from './stories.ts'
import { takeBack } from './take-back.ts'
import { tokenStories } from './token-stories.ts'
import { openWorld, type Target } from './world.ts'

/**
 * Every story on one server: states are reached one after the other, each by exactly the expected changes, and a plan
 * after each shows nothing. Then all of it once more, where each step is taken back and made again. A story about another product is passed over, and the test says so.
 */
export function conformance(name: string, target: () => Promise<Target>): void {
  describe(name, () => {
    test.each([...stories, ...loginStories, ...tokenStories, ...accessStories])('$title', async ({ on, tell }) => {
      const world = await openWorld(await target())
      try {
        if (on === undefined || on === world.connection.server.product) await tell(world)
        else console.info(`passed over: this is about ${on}`)
      } finally {
        await world.connection.close()
      }
    })

    test.each(stories)('$title, and all of it taken back', async ({ on, tell }) => {
      const world = await openWorld(await target(), { afterwards: takeBack })
      try {
        if (on === undefined || on === world.connection.server.product) await tell(world)
        else console.info(`passed over: this is about ${on}`)
      } finally {
        await world.connection.close()
      }
    })
  })
}
