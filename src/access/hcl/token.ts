/** Counted from 1, columns in characters; 0:0 where there is none, as in all of JSON. */
export interface Position {
  readonly line: number
  readonly column: number
}

export type TokenType =
  | 'ILLEGAL'
  | 'EOF'
  | 'COMMENT'
  | 'IDENT'
  | 'NUMBER'
  | 'FLOAT'
  | 'BOOL'
  | 'STRING'
  | 'HEREDOC'
  | 'NULL'
  | 'LBRACK'
  | 'LBRACE'
  | 'COMMA'
  | 'COLON'
  | 'PERIOD'
  | 'RBRACK'
  | 'RBRACE'
  | 'ASSIGN'
  | 'ADD'
  | 'SUB'

export interface Token {
  readonly type: TokenType
  /** As messages have it: the server's tree of JSON keeps none. */
  readonly position: Position
  /** Where it really stands. */
  readonly place: Position
  /** As written: quotes, escapes and all. */
  readonly text: string
  /** Whether its text has JSON's escapes. */
  readonly json: boolean
}

export const nowhere: Position = { line: 0, column: 0 }

/** `3:5`, or `-` for no position. */
export function spelled({ line, column }: Position): string {
  return line > 0 ? `${line}:${column}` : '-'
}

/** How a token appears in "unknown token". */
export function spelledToken({ position, type, text }: Token): string {
  return `${spelled(position)} ${type} ${text}`
}
