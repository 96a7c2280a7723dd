/**
 * The two parts of undici that are used, by their own files: the package's main file also loads fetch, web sockets, caches
 * and mocks, which takes as long as planning some hundred objects.
 */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici'
  export default Pool
}

declare module 'undici/lib/dispatcher/env-http-proxy-agent.js' {
  import { EnvHttpProxyAgent } from 'undici'
  export default EnvHttpProxyAgent
}
