import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { evaluateExpression } from './index.ts';
import type { SymbolScope } from './index.ts';

const scope: SymbolScope = {
  here: 0x1000n,
  symbol: (name) => (name === 'base' ? 0x8000n : undefined),
  local: (number, direction) => (number === 1 ? (direction === 'b' ? 0x10n : 0x20n) : undefined),
};

function value(text: string): bigint | string {
  const result = evaluateExpression(text, 0, scope);
  return result.ok ? result.value : `${result.at}: ${result.expected}`;
}

describe('expressions', () => {
  it.each<[string, bigint]>([
    // Values printed by GNU as for `.quad` of the same text.
    ['1 << 2 + 1', 5n], ['2 + 3 * 4', 14n], ['1 | 2 + 4', 7n], ['6 & 3 + 1', 3n], ['10 - 3 - 2', 5n], ['(10 - 3) * 2', 14n],
    ['~0 & 0xff', 255n], ['-8 / 3', -2n], ['-8 % 3', -2n], ['010', 8n], ['0b101', 5n], ["'A'", 65n], ["'\\n'", 10n], ["'a + 1", 98n],
    ['. + 8', 0x1008n], ['base - .', 0x7000n], ['1f - 1b', 0x10n], ['- -1', 1n], ['0xF ^ 1', 14n],
  ])('%s', (text, expected) => expect(value(text)).toBe(expected));

  it('says what is wrong and where', () => {
    expect(value('1 +')).toMatch(/^3: a number/);
    expect(value('(1')).toMatch(/^2: '\)'/);
    expect(value('foo')).toMatch(/^0: .*'foo' is not/);
    expect(value('1 / 0')).toMatch(/^3: a divisor/);
    expect(value('1 << -1')).toMatch(/shift count/);
    expect(value('089')).toMatch(/octal/);
    expect(value('2b')).toMatch(/a label '2:' before/);
  });

  it('ends where the expression ends', () => {
    expect(evaluateExpression('1 + 2, 3', 0, scope)).toEqual({ ok: true, value: 3n, end: 5 });
    expect(evaluateExpression('x1 + 4]', 5, scope)).toMatchObject({ value: 4n, end: 6 });
  });

  it('agrees with JavaScript when everything is in parentheses', () => {
    const leaf = fc.bigInt({ min: 0n, max: 1n << 70n });
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        leaf.map(String),
        fc.tuple(tie('tree'), fc.constantFrom('+', '-', '*', '&', '|', '^'), tie('tree')).map(([a, op, b]) => `(${a} ${op} ${b})`),
        tie('tree').map((a) => `(~${a})`),
      ),
    }));
    fc.assert(fc.property(tree, (text) => {
      const oracle = (0, eval)(text.replace(/\d+/g, '$&n')) as bigint;
      expect(value(text)).toBe(oracle);
    }));
  });
});
