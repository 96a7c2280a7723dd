import { expect, test } from 'vitest'
import { type Clock, watchTerms } from '../../../src/commands/exec/terms.ts'
import { VaultError } from '../../../src/core/server.ts'
import type { Term } from '../../../src/vault/secret-session.ts'

type Answer = Term | VaultError

const refusal = (status: number) => new VaultError(status, 'POST', 'sys/leases/renew', ['no'])

/** What happens in which second, when a term of this length is watched and the server answers so. */
async function story(term: Term, answers: readonly Answer[], lasting = 1000): Promise<string[]> {
  const events: string[] = []
  let now = 0
  const tell = (what: string) => events.push(`${now / 1000}s ${what}`)
  let finish = () => {}
  const finished = new Promise<void>((done) => {
    finish = done
  })
  const clock: Clock = {
    now: () => now,
    until: async (time, signal) => {
      await Promise.resolve()
      if (time >= lasting * 1000) {
        finish()
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))
      }
      now = Math.max(now, time)
    },
  }
  let asked = 0
  const renew = async () => {
    const answer = answers[asked++]
    if (answer === undefined) throw new Error('asked more often than planned')
    tell('renewed')
    if (answer instanceof VaultError) throw answer
    return answer
  }
  const said = (text: string) => {
    tell(text.replace(/^WARNING: /, '! '))
    if (text.includes('has ended')) finish()
  }
  const stop = watchTerms([{ what: 'it', term, renew }], said, clock)
  await finished
  stop()
  return events
}

test('is renewed at two thirds of its time, again and again', async () => {
  const term = { ttl: 300, renewable: true }
  expect(await story(term, [term, term, term, term])).toEqual([
    '200s renewed',
    '400s renewed',
    '600s renewed',
    '800s renewed',
  ])
})

test('says nothing of a renewal that the end of the run has cut', async () => {
  const said: string[] = []
  let [cut, begun] = [() => {}, () => {}]
  const asked = new Promise<void>((resolve) => {
    begun = resolve
  })
  const renew = () =>
    new Promise<Term>((_, reject) => {
      cut = () => reject(refusal(0))
      begun()
    })
  const clock: Clock = { now: () => 0, until: async () => {} }
  const watched = [{ what: 'it', term: { ttl: 60, renewable: true }, renew }]
  const stop = watchTerms(watched, (text) => said.push(text), clock)
  await asked
  stop()
  cut()
  await new Promise((resolve) => setImmediate(resolve))
  expect(said).toEqual([])
})

test('a renewal that nobody answers is told of before the end', async () => {
  let tell = (_: string) => {}
  const told = new Promise<string>((resolve) => {
    tell = resolve
  })
  let now = 0
  const clock: Clock = {
    now: () => now,
    until: async (time) => {
      now = time
    },
  }
  const watched = [{ what: 'it', term: { ttl: 1, renewable: true }, renew: () => new Promise<Term>(() => {}) }]
  const stop = watchTerms(watched, tell, clock)
  expect(await told).toBe('WARNING: it ends in 0s, and its renewal is not answered yet')
  stop()
})

test('is tried again after a passing failure', async () => {
  const term = { ttl: 300, renewable: true }
  expect(await story(term, [refusal(500), refusal(0), term], 400)).toEqual([
    '200s renewed',
    '200s it could not be renewed (POST sys/leases/renew: 500 no); it ends in 1m40s',
    '250s renewed',
    '275s renewed',
  ])
})

test('is not asked for again where it is forbidden', async () => {
  expect(await story({ ttl: 300, renewable: true }, [refusal(403)])).toEqual([
    '200s renewed',
    '200s it could not be renewed (POST sys/leases/renew: 403 no); it ends in 1m40s',
    '270s ! it ends in 30s and cannot be renewed any more',
    '300s ! it has ended; the command still runs',
  ])
})

test('is announced when it is at its greatest age', async () => {
  // Granted until second 400 at most.
  const answers = [
    { ttl: 200, renewable: true },
    { ttl: 66, renewable: true },
  ]
  expect(await story({ ttl: 300, renewable: true }, answers)).toEqual([
    '200s renewed',
    expect.stringMatching(/^333\.3\d*s renewed$/),
    expect.stringMatching(/^393\.4s ! it ends in 7s and cannot be renewed any more$/),
    '400s ! it has ended; the command still runs',
  ])
})

test('is announced a minute ahead where it cannot be renewed at all', async () => {
  expect(await story({ ttl: 900, renewable: false }, [])).toEqual([
    '840s ! it ends in 1m and cannot be renewed any more',
    '900s ! it has ended; the command still runs',
  ])
})
