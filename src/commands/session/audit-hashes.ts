import { serverHashesIn } from '../../audit/entry.ts'
import type { Hashes } from '../../audit/subject.ts'
import type { Trace, Trails } from '../../audit/trail.ts'
import { VaultError } from '../../core/server.ts'
import type { AuditHashes } from '../../vault/client.ts'
import { nameOf } from './audit-log.ts'

/** Texts to compare with what requests in the logs sent. */
export interface HashNeed {
  readonly texts: readonly string[]
  readonly sent: Trace['sent']
}

export interface HashSource {
  readonly files: readonly string[]
  /** The device that the user says wrote the logs. */
  readonly device?: string
  /** Absent where there is no server, as with a snapshot. */
  readonly server: AuditHashes | undefined
}

/** What people call the one device they have, and OpenBao's documentation does. */
const usualDevices = ['file']

/**
 * Asks the server for the hashes that decide. Each audit device has a salt of its own: which one wrote a log shows by a
 * text whose hash is known from it, or by any hash that matches; only then does a hash that matches nothing say anything.
 */
export async function askHashes(needs: readonly HashNeed[], gathered: Trails, source: HashSource): Promise<Hashes> {
  const { files, server } = source
  if (server === undefined) return hashless('a snapshot cannot be asked for the hashes of an audit device')
  if (needs.every(({ texts }) => texts.length === 0)) return hashless('the log has none of it to compare with')
  const devices = source.device === undefined ? await devicesOf(server) : [source.device]
  const asked = await asking(server, devices)
  const certain = await identified(devices, logsOf(needs), gathered, asked)
  const candidates = (log: number) => (certain.has(log) ? [certain.get(log) as string] : devices)
  await Promise.all(
    needs.flatMap(({ texts, sent }) => {
      const wanted = [...new Set(sent.flatMap(({ log }) => candidates(log)))]
      return wanted.flatMap((device) => texts.map((text) => asked.hash(device, text)))
    }),
  )
  for (const { sent, texts } of needs)
    for (const { log, data } of sent) {
      const hashes = certain.has(log) ? new Set<string>() : serverHashesIn(data)
      const device = devices.find((name) => texts.some((text) => hashes.has(asked.known(name, text) ?? '')))
      if (device !== undefined) certain.set(log, device)
    }
  const unknownDevice = (log: number) => {
    const names = devices.map((device) => `"${device}"`).join(' or ')
    const name = nameOf(files[log] ?? '')
    return gathered.samples(log).length > 0
      ? `${name} was not written by the audit device ${names} of this server as it is now`
      : `nothing in ${name} tells whether the audit device ${names} wrote it`
  }
  return {
    of: (text, log) =>
      candidates(log).flatMap((device) => {
        const hash = asked.known(device, text)
        return hash === undefined ? [] : [hash]
      }),
    doubt(log) {
      if (certain.has(log)) return undefined
      const refusals = devices.flatMap((device) => asked.refusal(device) ?? [])
      return refusals.length === devices.length ? refusals[0] : unknownDevice(log)
    },
  }
}

function logsOf(needs: readonly HashNeed[]): number[] {
  return [...new Set(needs.flatMap(({ sent }) => sent.map(({ log }) => log)))]
}

interface Asked {
  /** Undefined once the server refused to answer for this device. */
  hash(device: string, text: string): Promise<string | undefined>
  /** What was answered so far. */
  known(device: string, text: string): string | undefined
  refusal(device: string): string | undefined
}

/** Asks once for a text. A device that is refused is asked for no more. */
async function asking(server: AuditHashes, devices: readonly string[]): Promise<Asked> {
  const answers = new Map<string, string>()
  const refusals = new Map<string, string>()
  const under = new Map<string, Promise<string | undefined>>()
  const ask = async (device: string, text: string) => {
    if (refusals.has(device)) return undefined
    try {
      const hash = await server.hash(device, text)
      answers.set(`${device} ${text}`, hash)
      return hash
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      refusals.set(device, `the server gave no hash to compare with (${error.message})`)
      return undefined
    }
  }
  const hash = (device: string, text: string) => {
    const key = `${device} ${text}`
    const asked = under.get(key) ?? ask(device, text)
    under.set(key, asked)
    return asked
  }
  for (const device of devices) await hash(device, 'vaultwright')
  return { hash, known: (device, text) => answers.get(`${device} ${text}`), refusal: (device) => refusals.get(device) }
}

function hashless(reason: string): Hashes {
  return { of: () => [], doubt: () => reason }
}

/** Listing them takes sudo, which few tokens have. */
async function devicesOf(server: AuditHashes): Promise<readonly string[]> {
  try {
    const devices = await server.devices()
    return devices.length > 0 ? devices : usualDevices
  } catch (error) {
    if (error instanceof VaultError) return usualDevices
    throw error
  }
}

/** Which device wrote each log, where a text whose hash the log shows tells it. */
async function identified(
  devices: readonly string[],
  logs: readonly number[],
  gathered: Trails,
  asked: Asked,
): Promise<Map<number, string>> {
  const certain = new Map<number, string>()
  for (const log of logs)
    for (const { text, hash } of gathered.samples(log))
      for (const device of devices)
        if (!certain.has(log) && (await asked.hash(device, text)) === hash) certain.set(log, device)
  return certain
}
