import { readFileSync } from 'node:fs'

const parts = { '(idle)': 'waiting', '(garbage collector)': 'shared' }

/**
 * Milliseconds of a process that were spent in a function and what it called, in everything else, and waiting, by the samples
 * of its CPU profile. Collecting garbage is nobody's in a profile: each part is given its share.
 */
export function shareOf(file, name) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const within = new Set()
  const mark = (id) => {
    within.add(id)
    for (const child of byId.get(id).children ?? []) mark(child)
  }
  for (const { id, callFrame } of nodes) if (callFrame.functionName === name && !within.has(id)) mark(id)
  const spent = { inside: 0, outside: 0, shared: 0, waiting: 0 }
  for (const [i, id] of samples.entries()) {
    const called = byId.get(id).callFrame.functionName
    const part = parts[called] ?? (within.has(id) ? 'inside' : 'outside')
    spent[part] += timeDeltas[i] / 1000
  }
  const { inside, outside, shared, waiting } = spent
  const factor = 1 + shared / (inside + outside)
  return { inside: inside * factor, outside: outside * factor, waiting }
}
