import { describe, expect, it } from 'vitest'
import { createRowText } from '../../src/cli/dead-letter-text.ts'
import { tableText } from '../../src/cli/table.ts'

describe('a table for a terminal', () => {
  it('has columns as wide as their widest cell, numbers to the right', () => {
    const text = tableText(
      ['SINK', 'ROWS', 'OLDEST'],
      [
        ['elasticsearch', 12_345, '-'],
        ['file', 7, 'x'],
      ],
    )
    expect(text).toBe('SINK             ROWS  OLDEST\nelasticsearch  12,345  -\nfile                7  x\n')
  })

  it('shows what would steer the terminal', () => {
    expect(tableText(['A'], [['\u001b[2Jx\u009b1m\r']])).toBe('A\n\\u001b[2Jx\\u009b1m\\u000d\n')
  })
})

describe('a dead letter on a terminal', () => {
  it('is a member a line, without what would steer it', () => {
    const text = createRowText()
    const row = Buffer.from(`${JSON.stringify({ reason: 'x', line: 3, original: 'a\u001b[31m\u009bz' })}\n`)
    expect(text(row, true)).toBe('  reason: x\n  line: 3\n  original: a\\u001b[31m\\u009bz\n\n')
    expect(text(Buffer.from('torn \u001b\n'), true)).toBe('torn \\u001b\n\n')
  })

  it('that comes in pieces is printed as it comes', () => {
    const text = createRowText()
    expect(text(Buffer.from('{"a":'), false) + text(Buffer.from('"\u001b"}\n'), true)).toBe('{"a":"\\u001b"}\n')
  })
})
