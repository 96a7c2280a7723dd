import { type Position, spelled } from './token.ts'

/** Why a text is not what the server reads. The message is the server's, whole. */
export class HclError extends Error {
  /** Where, as near as it is known. */
  readonly position: Position | undefined

  constructor(message: string, position?: Position) {
    super(message)
    this.name = 'HclError'
    this.position = position
  }
}

/** A text that makes the server's parser panic: it then cuts the connection instead of answering. */
export class ServerPanic extends Error {
  readonly position: Position | undefined

  constructor(message: string, position?: Position) {
    super(message)
    this.name = 'ServerPanic'
    this.position = position
  }
}

/** The parser's and the decoder's form of most errors: `At 3:5: …` (hashicorp/hcl parser/error.go). */
export function errorAt(position: Position, message: string, place = position): HclError {
  return new HclError(`At ${spelled(position)}: ${message}`, place)
}

/** What the parsing throws gets a place, unless it has one. */
export function placed<T>(place: Position | undefined, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw error instanceof HclError && !isKnown(error.position) ? new HclError(error.message, place) : error
  }
}

export function isKnown(position: Position | undefined): position is Position {
  return position !== undefined && position.line > 0
}
