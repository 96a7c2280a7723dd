import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'

/** Fetches a document of an issuer; `ca` is a PEM to trust instead of the system's, or empty. Rejects with the reason. */
export type FetchDocument = (url: string, ca: string) => Promise<{ readonly status: number; readonly body: string }>

/** Over the network, directly: proxies of the environment are not asked. */
export const fetchOverNetwork: FetchDocument = (url, ca) =>
  new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp
    const options = { timeout: 10_000, ...(ca === '' ? {} : { ca }) }
    const request = get(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
    })
    request.on('timeout', () => request.destroy(new Error('no answer within 10 seconds')))
    request.on('error', reject)
  })
