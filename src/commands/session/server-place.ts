import type { ServerInfo } from '../../core/server.ts'

/** Which server a plan or a journal is about, for people and for comparing: equal texts, equal place. */
export function serverPlace({ address, namespace, clusterId }: ServerInfo): string {
  return [address, namespace && `namespace ${namespace}`, clusterId && `cluster ${clusterId}`]
    .filter(Boolean)
    .join(', ')
}
