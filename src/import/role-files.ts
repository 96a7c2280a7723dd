import { groupBy } from '../core/group-by.ts'
import { byText, type JsonObject } from '../core/json.ts'
import { fileNames } from './names.ts'
import type { RoleDocument } from './roles.ts'
import type { ImportedFile } from './shape.ts'
import { literalText } from './template-text.ts'

/** Files of roles, in a folder for each mount where there are several; documents of one name stand in one file. */
export function roleFiles(documents: readonly RoleDocument[]): ImportedFile[] {
  const mounts = [...groupBy(documents, ({ mount }) => mount)].sort(([a], [b]) => byText(a, b))
  const folders = fileNames()
  return mounts.flatMap(([mount, inMount]) => {
    const folder = mounts.length === 1 ? 'roles' : `roles/${folders.take(mount.replaceAll('/', '-'))}`
    const names = fileNames()
    return [...groupBy(inMount, ({ file }) => file)].map(([wanted, together]) => {
      const file = names.take(wanted)
      return {
        path: `${folder}/${file}.yaml`,
        documents: together.map((document) => ({ value: roleValue(document, file), comments: [] })),
        describes: together.flatMap(({ describes }) =>
          describes.map(({ environment, address }) => ({ environment, address })),
        ),
      }
    })
  })
}

/** A role document in the order in which people read it. */
function roleValue({ base, overrides, entries }: RoleDocument, file: string): JsonObject {
  const { name, mount, ...fields } = base
  const plain = [...overrides.values()].every((override) => Object.keys(override).length === 0)
  return {
    ...(name === undefined || name === literalText(file) ? {} : { name }),
    ...(mount === undefined || mount === 'jwt' ? {} : { mount }),
    environments: plain ? [...overrides.keys()] : Object.fromEntries(overrides),
    ...fields,
    ...(entries === undefined ? {} : { for_each: entries }),
  }
}
