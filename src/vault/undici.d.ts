/**
 * The part of undici that is used without a proxy, by its own file: the package's main file also loads fetch, web sockets,
 * caches and mocks, which takes as long as planning some hundred objects.
 */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici'
  export default Pool
}
