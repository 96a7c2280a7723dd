import { fromBytes, wellFormed } from '../hcl/bytes.ts'

/** What the server makes of a text before it reads it: the text that it keeps and gives back, or its refusal. */
export type StoredText = { readonly text: string } | { readonly refused: string }

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * A text that is base64 from beginning to end is taken for its encoding, one of line breaks alone for an encoded nothing
 * (vault logical_system.go, handlePoliciesSet). Bytes of it that are no UTF-8 come back as lone surrogates.
 */
export function storedPolicyText(text: string): StoredText {
  if (text === '') return { refused: "'policy' parameter not supplied or empty" }
  const encoded = text.replace(/[\r\n]/g, '')
  if (!base64.test(encoded)) return { text: wellFormed(text) }
  return { text: fromBytes(Buffer.from(encoded, 'base64')) }
}
