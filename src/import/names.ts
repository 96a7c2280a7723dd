import type { Identity } from '../core/resource.ts'

/** The part of an address that names the object within its kind and container. */
export function ownNameOf({ kind, address, parent }: Identity): string {
  const container = parent === undefined ? kind : `${kind}/${containerOf(parent)}`
  return address.slice(container.length + 1)
}

/** The names that the kind's functions take: those of its containers, then its own where it has one. */
export function namesOf(object: Identity): string[] {
  const own = ownNameOf(object)
  const container = object.parent === undefined ? [] : [containerOf(object.parent)]
  return own === '' ? container : [...container, own]
}

function containerOf(parent: string): string {
  return parent.slice(parent.indexOf('/') + 1)
}

/** Names of files, so that no two are one on a file system that does not tell upper from lower case. */
export interface FileNames {
  /** The wanted name if it is free and nobody's own, else another one. */
  take(wanted: string): string
  /** Takes a name for whose own it is; false where no file can be called so. */
  takeOwn(name: string): boolean
}

/** @param reserved names that only `takeOwn` gives: what is called so means something to the loader */
export function fileNames(reserved: Iterable<string> = []): FileNames {
  const kept = new Set([...reserved].map((name) => name.toLowerCase()))
  const taken = new Set<string>()
  return {
    takeOwn(name) {
      if (!isFileName(name) || taken.has(name.toLowerCase())) return false
      taken.add(name.toLowerCase())
      return true
    },
    take(wanted) {
      const plain = isFileName(wanted) ? wanted : slug(wanted)
      const free = (name: string) => !taken.has(name.toLowerCase()) && !kept.has(name.toLowerCase())
      let name = plain
      for (let count = 2; !free(name); count++) name = `${plain}-${count}`
      taken.add(name.toLowerCase())
      return name
    },
  }
}

/** Long enough for every name that people give, short enough for every file system with an ending behind it. */
const longest = 200

/** Devices of Windows, which git for Windows cannot check out. */
const devices = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * Whether a path of this name, with an ending behind it, is one file that the loader reads and git carries everywhere:
 * no hidden names, no characters that a file system refuses or changes, no folder that looks like a file.
 */
function isFileName(name: string): boolean {
  const segments = name.split('/')
  return segments.every(
    (segment, index) =>
      /^[A-Za-z0-9_][A-Za-z0-9_.@+=,~ -]*$/.test(segment) &&
      !/[ .]$/.test(segment) &&
      segment.length <= longest &&
      !devices.test(segment) &&
      (index === segments.length - 1 || !/\.(hcl|ya?ml)$/.test(segment)),
  )
}

function slug(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[^A-Za-z0-9_]+|[^A-Za-z0-9_]+$/g, '')
  const short = words.slice(0, longest / 2).replace(/[^A-Za-z0-9_]+$/, '')
  return short === '' || devices.test(short) ? `policy-${short}`.replace(/-$/, '') : short
}
