import type { Change } from '../core/change.ts'
import type { Content, Image, Intent } from '../core/journal.ts'
import { type Kind, type Kinds, kindOf } from '../core/kind.ts'
import type { Identity, Live } from '../core/resource.ts'
import type { VaultReader } from '../core/server.ts'
import { without } from './compare.ts'
import { collect } from './read.ts'

interface Around {
  readonly kinds: Kinds
  readonly server: VaultReader
}

/** What a journal keeps of a change that is about to be made. Throws what reading the contents of a container throws. */
export async function intentOf(around: Around, environment: string, change: Change): Promise<Intent> {
  const { action } = change
  const object = identityOf(change.action === 'delete' ? change.before : change.after)
  const kind = kindOf(around.kinds, object.kind)
  const before = change.action === 'create' ? null : imageOf(kind, change.before)
  const after = change.action === 'delete' ? null : change.after.spec
  const contents = change.action === 'delete' ? await contentsOf(around, change.before) : []
  return { environment, action, object, before, after, ...(contents.length === 0 ? {} : { contents }) }
}

function identityOf({ kind, address, path, parent }: Identity): Identity {
  return { kind, address, path, ...(parent === undefined ? {} : { parent }) }
}

/** The server gives no secret, and should one ever do, it is not kept here. */
function imageOf(kind: Kind, { spec, attributes, version }: Live): Image {
  return {
    spec: without(spec, kind.writeOnly),
    ...(attributes === undefined ? {} : { attributes }),
    ...(version === undefined ? {} : { version }),
  }
}

/** What is lost with a container, such as a mount's configuration and roles. */
async function contentsOf({ kinds, server }: Around, container: Live): Promise<Content[]> {
  const contained = kinds.filter(({ parent }) => parent === container.kind)
  const contents = await Promise.all(contained.map((kind) => contentOf(kind, server, container)))
  return contents.flat()
}

async function contentOf(kind: Kind, server: VaultReader, container: Live): Promise<Content[]> {
  const listed = await collect(kind.list(server, { parents: [container] }))
  const lives = await Promise.all(listed.map((object) => object.live ?? kind.read(server, object)))
  return lives.flatMap((live) => (live === undefined ? [] : [{ object: identityOf(live), image: imageOf(kind, live) }]))
}
