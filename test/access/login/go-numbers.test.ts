import { describe, expect, test } from 'vitest'
import { parseGoDuration } from '../../../src/access/login/go-numbers.ts'

describe('a duration as the server reads it', () => {
  test.each([
    ['', 0],
    ['90', 90],
    ['-90', -90],
    ['2d', 172_800],
    ['-1d', -86_400],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['1500ms', 1],
    ['-1.5s', -1],
    ['.5s', 0],
    ['1.1s1.1s1.1s', 3],
  ])('%j is %j seconds', (value, seconds) => {
    expect(parseGoDuration(value)).toEqual({ seconds })
  })

  test.each([
    ['x', 'time: invalid duration "x"'],
    ['-', 'time: invalid duration "-"'],
    [' 5m', 'time: invalid duration " 5m"'],
    ['1.5', 'time: missing unit in duration "1.5"'],
    ['5y', 'time: unknown unit "y" in duration "5y"'],
    ['1d12h', 'time: unknown unit "d" in duration "1d12h"'],
    ['1.5d', 'strconv.ParseInt: parsing "1.5": invalid syntax'],
    ['100000000000', 'multiplication of durations resulted in overflow, one operand may be too large'],
  ])('%j is refused: %s', (value, error) => {
    expect(parseGoDuration(value)).toEqual({ error })
  })
})
