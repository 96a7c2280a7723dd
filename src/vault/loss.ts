/** A request that got no answer: the reason's code, and the library's words (used only where they are known to be clean). */
export interface Loss {
  readonly lost: string
  readonly detail: string
}

/** Nothing of the request left this machine. */
const neverSent = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH'])

/** Passing troubles of a network; anything else (certificates, unknown hosts) will fail again. */
const passing = new Set([
  ...neverSent,
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CLOSED',
])

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped halfway',
  ANSWER_TOO_SLOW: 'the answer came so slowly that it was given up',
  UND_ERR_HEADERS_OVERFLOW: 'the head of the answer is larger than any such server sends',
  ANSWER_TOO_LARGE: 'the answer is larger than any such server sends',
  HPE_INVALID_CONSTANT: 'the answer is not HTTP; is it https?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; is it http?',
}

export function isPassing(loss: Loss): boolean {
  return passing.has(loss.lost)
}

export function wasSent(loss: Loss): boolean {
  return !neverSent.has(loss.lost)
}

/** What a person can turn: which variables hold the timeout and the authorities. */
interface LossKnobs {
  readonly timeout: string
  readonly authority: string
}

const vaultKnobs: LossKnobs = { timeout: 'VAULT_CLIENT_TIMEOUT', authority: 'VAULT_CACERT' }

export function describeLoss(loss: Loss, origin: string, { timeout, authority }: LossKnobs = vaultKnobs): string {
  const certificate = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL)/.test(loss.lost)
  const late = loss.lost === 'UND_ERR_HEADERS_TIMEOUT' ? `no answer came within ${timeout}` : undefined
  const reason =
    late ??
    words[loss.lost] ??
    (certificate
      ? `its certificate is not accepted (${loss.lost}); ${authority} names the authority to trust`
      : loss.lost)
  return `${origin} did not answer: ${reason}`
}
