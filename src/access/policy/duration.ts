import { HclError } from '../hcl/errors.ts'
import { parseDurationSecond, secondsAsDuration, truncated } from '../hcl/go-time.ts'
import type { GoValue } from '../hcl/go-value.ts'

/** Nanoseconds; 0 where nothing is written. Throws `error parsing <name>: …` (parseutil.ParseDurationSecond). */
export function durationOf(value: GoValue | undefined, name: string): bigint {
  try {
    return value === undefined ? 0n : parse(value)
  } catch (error) {
    throw error instanceof HclError ? new HclError(`error parsing ${name}: ${error.message}`) : error
  }
}

function parse(value: GoValue): bigint {
  switch (value.is) {
    case 'string':
      return parseDurationSecond(value.value)
    case 'int':
      return secondsAsDuration(value.value)
    case 'float':
      return secondsAsDuration(truncated(value.value))
    default:
      throw new HclError('could not parse duration from input')
  }
}
