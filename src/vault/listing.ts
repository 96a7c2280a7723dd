import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { type Listing, type ListOptions, type ServerInfo, VaultError } from '../core/server.ts'
import type { Requester } from './requester.ts'

/** No list has so many pages; a server that always knows one more name must not be followed forever. */
const mostPages = 100_000

/** Ten times as many roles as one mount was ever seen with; each of them would be read. */
const mostNames = 1_000_000

export async function listAll(
  ask: Requester,
  server: ServerInfo,
  path: string,
  { pages = false }: ListOptions = {},
): Promise<Listing | undefined> {
  const first = await page(ask, path)
  if (first === undefined || !pages || server.product !== 'openbao') return first
  const names = new Set(first.keys)
  let last = first.keys.at(-1)
  for (let count = 0; count < mostPages; count++) {
    const before = names.size
    const more = await page(ask, path, last)
    for (const name of more?.keys ?? []) names.add(name)
    if (names.size > mostNames) throw tooMany(path)
    // A version that knows no pages answers with the whole list once more.
    if (names.size === before) return { ...first, keys: [...names] }
    last = more?.keys.at(-1)
  }
  throw new VaultError(200, 'LIST', path, [`the list does not end after ${mostPages} pages`])
}

async function page(ask: Requester, path: string, after?: string): Promise<Listing | undefined> {
  const query = after === undefined ? {} : { query: `after=${encodeURIComponent(after.replace(/\p{Cs}/gu, '\ufffd'))}` }
  const answer = await ask('LIST', path, undefined, query)
  return answer === undefined ? undefined : toListing(answer['data'], path)
}

function tooMany(path: string): VaultError {
  return new VaultError(200, 'LIST', path, [`the list has more than ${mostNames} names, more than are read`])
}

/** A listing of another shape is no empty listing: what is missing from it would look deleted. */
function toListing(data: JsonValue | undefined, path: string): Listing {
  const { keys, key_info: info } = isObject(data) ? data : {}
  const refuse = (reason: string) => new VaultError(200, 'LIST', path, [reason])
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== 'string' || key === ''))
    throw refuse('the answer holds no list of names')
  if (keys.length > mostNames) throw tooMany(path)
  if (new Set(keys).size < keys.length)
    throw refuse('the answer names the same object twice, so it is no list to rely on')
  return { keys: keys as string[], ...(isObject(info) ? { keyInfo: info as Record<string, JsonObject> } : {}) }
}
