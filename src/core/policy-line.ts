/** Whether a path stands for many in a policy, which has no other way to write it: it ends with `*`, or has a segment `+`. */
export function isPattern(path: string): boolean {
  return path.endsWith('*') || path.split('/').includes('+')
}

/** A line of a policy that grants these capabilities at a path, or at the paths of a pattern that ends with `*`. */
export function policyLine(path: string, capabilities: readonly string[]): string {
  const names = capabilities.map((name) => JSON.stringify(name)).join(', ')
  return `path ${JSON.stringify(path)} { capabilities = [${names}] }`
}
