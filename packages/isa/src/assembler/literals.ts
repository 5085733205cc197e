/** Literal pools: `ldr x0, =expression` loads from a constant that the assembler places behind the code. */
import { hex } from '@worldswitch/bits';
import { Cursor, EMPTY_SCOPE, Expectations } from '../cursor.ts';
import { evaluateExpression } from '../expression.ts';
import type { SymbolScope } from '../expression.ts';
import type { DirectiveTarget } from './directives.ts';
import type { Statement } from './source.ts';

/** Bytes of one constant. */
export type LiteralSize = 4 | 8;

interface Literal {
  readonly name: string;
  readonly size: LiteralSize;
  readonly statement: Statement;
  /** Index in the statement's text after the `=`. */
  readonly at: number;
  readonly scope: SymbolScope;
}

/** Told where a constant came to lie, and what is wrong with its expression. */
export interface LiteralPlacer {
  place(name: string): void;
  refuse(statement: Statement, at: number, expected: readonly string[]): void;
}

/** The constants that wait for the next `.ltorg` or the end of the program. Equal constants and equal expressions share a place. */
export class LiteralPool {
  #waiting = new Map<string, Literal>();
  #pool = 0;

  /** Asks for a constant; returns the name under which its address will be known (no symbol can be spelled like it). */
  request(statement: Statement, at: number, size: LiteralSize, scope: SymbolScope): string {
    const text = statement.text.slice(at).trim();
    const constant = evaluateExpression(text, 0, EMPTY_SCOPE);
    const moving = /(^|[^\w.$])(\.|[0-9]+[bf])(?![\w.$])/.test(text);
    const key = moving ? `${statement.line}:${statement.column}` : constant.ok && constant.end === text.length ? String(constant.value) : text;
    const name = `literal ${this.#pool} ${size} ${key}`;
    if (!this.#waiting.has(name)) this.#waiting.set(name, { name, size, statement, at, scope });
    return name;
  }

  /** Places what waits: four-byte constants first, then eight-byte ones, each aligned to its size. */
  flush(target: DirectiveTarget, placer: LiteralPlacer): void {
    for (const size of [4, 8] as const) {
      for (const literal of this.#waiting.values()) if (literal.size === size) emit(literal, target, placer);
    }
    this.#waiting = new Map();
    this.#pool += 1;
  }
}

function emit({ name, size, statement, at, scope }: Literal, target: DirectiveTarget, placer: LiteralPlacer): void {
  const { output, origin, settled } = target;
  const address = origin + BigInt(output.length);
  output.fill(Number((BigInt(size) - (address % BigInt(size))) % BigInt(size)));
  placer.place(name);
  const expectations = new Expectations();
  const cursor = new Cursor(statement.text, scope, { expectations, position: at });
  const value = cursor.expression();
  const width = size * 8;
  const fits = value !== undefined && value < 1n << BigInt(width) && value >= -(1n << BigInt(width - 1));
  if (value !== undefined && !fits) cursor.fail(`a constant of ${width} bits (this is ${hex(value)})`, at);
  else if (value !== undefined && !cursor.atEnd()) cursor.fail('the end of the instruction');
  output.unsigned(size, fits ? value : 0n);
  if (settled && expectations.list.length > 0) placer.refuse(statement, expectations.at, expectations.list);
}
