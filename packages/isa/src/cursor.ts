/** A place in one statement of assembler source, from which operand kinds read. Remembers the furthest failure for the error message. */
import { evaluateExpression } from './expression.ts';
import type { SymbolScope } from './expression.ts';

/** No symbols, location 0. */
export const EMPTY_SCOPE: SymbolScope = { symbol: () => undefined, local: () => undefined, here: 0n };

/** What would have been accepted, at the furthest place any attempt reached. Shared by all attempts at one statement. */
export class Expectations {
  #at = -1;
  readonly #what = new Set<string>();

  note(at: number, expected: string): void {
    if (at < this.#at) return;
    if (at > this.#at) this.#what.clear();
    this.#at = at;
    this.#what.add(expected);
  }

  /** Index in the statement text. */
  get at(): number {
    return Math.max(this.#at, 0);
  }

  /** The alternatives, in the order met. */
  get list(): readonly string[] {
    return [...this.#what];
  }
}

const anchoredPatterns = new Map<string, RegExp>();

/** The same pattern, matching only where the search starts. Kinds write literals, which are new objects each time, so text is the key. */
function anchored(pattern: RegExp): RegExp {
  const key = `${pattern.flags}/${pattern.source}`;
  let sticky = anchoredPatterns.get(key);
  if (!sticky) anchoredPatterns.set(key, (sticky = new RegExp(pattern.source, pattern.sticky ? pattern.flags : `${pattern.flags}y`)));
  return sticky;
}

export class Cursor {
  readonly text: string;
  readonly scope: SymbolScope;
  /** Index of the next character. Assign an earlier value to back up. */
  position: number;
  readonly #expectations: Expectations;
  readonly #reserved: (name: string) => boolean;

  constructor(text: string, scope: SymbolScope = EMPTY_SCOPE, options: { expectations?: Expectations; reserved?: (name: string) => boolean; position?: number } = {}) {
    this.text = text;
    this.scope = scope;
    this.position = options.position ?? 0;
    this.#expectations = options.expectations ?? new Expectations();
    this.#reserved = options.reserved ?? (() => false);
  }

  skipSpaces(): void {
    while (this.text[this.position] === ' ' || this.text[this.position] === '\t') this.position += 1;
  }

  /** Whether only spaces remain. */
  atEnd(): boolean {
    this.skipSpaces();
    return this.position >= this.text.length;
  }

  /**
   * Consumes `literal` (after spaces, any letter case). One that ends in a letter or digit must end a word there, unless `wordEnd` is
   * false (`v` of `v0.16b`).
   */
  literal(literal: string, wordEnd = true): boolean {
    const before = this.position;
    this.skipSpaces();
    const end = this.position + literal.length;
    const same = this.text.slice(this.position, end).toLowerCase() === literal.toLowerCase();
    if (same && !(wordEnd && /\w$/.test(literal) && /\w/.test(this.text[end] ?? ''))) {
      this.position = end;
      return true;
    }
    this.position = before;
    return false;
  }

  /** Consumes what `pattern` matches here, after spaces; the pattern is anchored for you. Undefined (nothing consumed) otherwise. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    const before = this.position;
    this.skipSpaces();
    const sticky = anchored(pattern);
    sticky.lastIndex = this.position;
    const match = sticky.exec(this.text);
    if (!match) {
      this.position = before;
      return undefined;
    }
    this.position += match[0].length;
    return match;
  }

  /** Consumes a word of letters, digits, `_`, `.`, `$` and returns it in lower case. */
  word(): string | undefined {
    return this.match(/[A-Za-z_.$][A-Za-z0-9_.$]*/)?.[0].toLowerCase();
  }

  /** Consumes an expression, with an optional `#` before it, and returns its value. A failure is noted; nothing is consumed. */
  expression(): bigint | undefined {
    const before = this.position;
    this.literal('#');
    this.skipSpaces();
    const { scope } = this;
    const result = evaluateExpression(this.text, this.position, {
      here: scope.here,
      local: (number, direction) => scope.local(number, direction),
      symbol: (name) => (this.#reserved(name) ? undefined : scope.symbol(name)),
    });
    if (result.ok) {
      this.position = result.end;
      return result.value;
    }
    this.#expectations.note(result.at, result.expected);
    this.position = before;
    return undefined;
  }

  /** Notes what was expected here (after spaces), or at `at`, and returns undefined, so that a kind can end with `return cursor.fail(…)`. */
  fail(expected: string, at?: number): undefined {
    if (at === undefined) {
      let place = this.position;
      while (this.text[place] === ' ' || this.text[place] === '\t') place += 1;
      this.#expectations.note(place, expected);
    } else {
      this.#expectations.note(at, expected);
    }
    return undefined;
  }
}
