import { readFileSync, readlinkSync } from 'node:fs'

/**
 * A process as nobody else can ever be called: the boot of the machine, its space of process numbers (containers have
 * their own), its number, and when it was started, because numbers come again. Empty where the system does not say.
 */
export function thisProcess(): { readonly process?: string } {
  const machine = thisMachine()
  const started = startOf(process.pid)
  return machine === undefined || started === undefined ? {} : { process: `${machine} ${process.pid} ${started}` }
}

/**
 * True where it ran on this machine, in this space of numbers, and is sure to run no more. That nothing can be read of it
 * is no proof: /proc may hide the processes of others (proc(5), hidepid).
 */
export function isDead(other: string): boolean {
  const [boot, space, id, started] = other.split(' ')
  const machine = thisMachine()
  if (machine === undefined || `${boot} ${space}` !== machine || !/^[1-9]\d{0,9}$/.test(id ?? '')) return false
  if (!exists(Number(id))) return true
  const now = startOf(Number(id))
  return now !== undefined && now !== started
}

/** Signal 0 is none, and is refused for others' processes in another way than for none (kill(2)). */
function exists(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Undefined also where /proc tells of another space of numbers than this process is in. */
function thisMachine(): string | undefined {
  try {
    if (readlinkSync('/proc/self') !== String(process.pid)) return undefined
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return undefined
  }
}

/** When it was started, in the kernel's ticks (proc(5), field 22 of stat); undefined where that cannot be read. */
function startOf(id: number): string | undefined {
  try {
    // The second field is the program's name in brackets, which may hold anything.
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[19]
  } catch {
    return undefined
  }
}
