/** Constant expressions of assembler source, with GNU as's operators and precedence, over integers of unlimited width. */

/** Answers an expression's questions about the program. */
export interface SymbolScope {
  /** The value of a symbol, or undefined when it is not defined. */
  symbol(name: string): bigint | undefined;
  /** The address of the nearest numeric label `n:` before (`b`) or after (`f`) this statement. */
  local(number: number, direction: 'b' | 'f'): bigint | undefined;
  /** The location counter, `.`. */
  readonly here: bigint;
}

/** A value and where the expression ended, or why there is none. */
export type ExpressionResult =
  | { readonly ok: true; readonly value: bigint; readonly end: number }
  | { readonly ok: false; readonly expected: string; readonly at: number };

class Failure extends Error {
  readonly expected: string;
  readonly at: number;
  constructor(expected: string, at: number) {
    super(expected);
    this.expected = expected;
    this.at = at;
  }
}

/** GNU as: multiplication and shifts bind tightest, then bit operations, then addition. All are left associative. */
const LEVELS: readonly (readonly string[])[] = [['+', '-'], ['|', '&', '^'], ['*', '/', '%', '<<', '>>']];

const NUMBER = /0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+/y;
const LOCAL = /([0-9]+)([bf])(?![A-Za-z0-9_])/y;
const SYMBOL = /[A-Za-z_.$][A-Za-z0-9_.$]*/y;
const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, b: 8, f: 12, '0': 0, '\\': 92, "'": 39, '"': 34 };

/**
 * Evaluates the longest expression that starts at `start` in `text`. Numbers: decimal, `0x`, `0b`, a leading 0 means octal, `'c'`.
 * Operators: `+ - * / % << >> & | ^ ~` and parentheses. An undefined symbol, a division by zero or a shift by a negative or absurd
 * count is a failure.
 */
export function evaluateExpression(text: string, start: number, scope: SymbolScope): ExpressionResult {
  let at = start;

  const skip = (): void => {
    while (text[at] === ' ' || text[at] === '\t') at += 1;
  };
  const sticky = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at += match[0].length;
    return match;
  };

  function primary(): bigint {
    skip();
    const from = at;
    const c = text[at];
    if (c === '(') {
      at += 1;
      const value = level(0);
      skip();
      if (text[at] !== ')') throw new Failure("')'", at);
      at += 1;
      return value;
    }
    if (c === '-' || c === '~' || c === '+') {
      at += 1;
      const value = primary();
      return c === '-' ? -value : c === '~' ? ~value : value;
    }
    if (c === "'") {
      const escaped = text[at + 1] === '\\';
      const letter = text[at + (escaped ? 2 : 1)];
      if (letter === undefined) throw new Failure('a character', at + 1);
      at += escaped ? 3 : 2;
      if (text[at] === "'") at += 1;
      const code = escaped ? ESCAPES[letter] : letter.codePointAt(0);
      if (code === undefined) throw new Failure('one of the escapes \\n \\t \\r \\b \\f \\0 \\\\ \\\' \\"', from + 1);
      return BigInt(code);
    }
    const local = sticky(LOCAL);
    if (local) {
      const value = scope.local(Number(local[1]), local[2] as 'b' | 'f');
      if (value === undefined) throw new Failure(`a label '${local[1]}:' ${local[2] === 'b' ? 'before' : 'after'} this line (there is none)`, from);
      return value;
    }
    const number = sticky(NUMBER);
    if (number) {
      const digits = number[0];
      if (/^0[0-9]+$/.test(digits)) {
        if (/[89]/.test(digits)) throw new Failure(`octal digits (a leading 0 means octal, and '${digits}' is not)`, from);
        return BigInt('0o' + digits.slice(1));
      }
      return BigInt(digits.toLowerCase());
    }
    const symbol = sticky(SYMBOL);
    if (symbol) {
      if (symbol[0] === '.') return scope.here;
      const value = scope.symbol(symbol[0]);
      if (value === undefined) throw new Failure(`a defined symbol ('${symbol[0]}' is not)`, from);
      return value;
    }
    throw new Failure('a number, a symbol or an expression', from);
  }

  function apply(operator: string, a: bigint, b: bigint, where: number): bigint {
    switch (operator) {
      case '+': return a + b;
      case '-': return a - b;
      case '|': return a | b;
      case '&': return a & b;
      case '^': return a ^ b;
      case '*': return a * b;
      case '<<':
      case '>>':
        if (b < 0n || b > 1024n) throw new Failure(`a shift count from 0 to 1024 (it is ${b})`, where);
        return operator === '<<' ? a << b : a >> b;
      default:
        if (b === 0n) throw new Failure('a divisor other than 0', where);
        return operator === '/' ? a / b : a % b;
    }
  }

  function level(index: number): bigint {
    const operators = LEVELS[index];
    if (!operators) return primary();
    let value = level(index + 1);
    for (;;) {
      const before = at;
      skip();
      const operator = operators.find((candidate) => text.startsWith(candidate, at));
      if (operator === undefined) {
        at = before;
        return value;
      }
      at += operator.length;
      const operandAt = at;
      value = apply(operator, value, level(index + 1), operandAt);
    }
  }

  try {
    return { ok: true, value: level(0), end: at };
  } catch (failure) {
    if (failure instanceof Failure) return { ok: false, expected: failure.expected, at: failure.at };
    throw failure;
  }
}
