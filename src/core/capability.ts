/**
 * What a policy can grant, in the order in which they are shown; `deny` takes all of it away. `scan` is OpenBao's; `subscribe`
 * and `recover` are Vault's.
 */
export const capabilities = [
  'create',
  'read',
  'update',
  'delete',
  'list',
  'patch',
  'scan',
  'recover',
  'subscribe',
  'sudo',
] as const

export type GrantedCapability = (typeof capabilities)[number]
