/** Symbols of one assembly: labels and assignments, over several passes until their values stop changing. */
import type { SymbolScope } from '../expression.ts';

interface NumericLabel {
  readonly number: number;
  readonly address: bigint;
  /** Index of the statement that carries it. */
  readonly at: number;
}

export class Symbols {
  readonly #predefined: ReadonlyMap<string, bigint>;
  /** Values of the pass before: what forward references see. */
  #before = new Map<string, bigint>();
  #now = new Map<string, bigint>();
  #labels = new Map<string, number>();
  #numericBefore: readonly NumericLabel[] = [];
  #numericNow: NumericLabel[] = [];

  constructor(predefined: ReadonlyMap<string, bigint>) {
    this.#predefined = predefined;
  }

  /** Starts a pass: what is known now is what forward references see. */
  startPass(): void {
    this.#before = this.#now;
    this.#now = new Map();
    this.#labels = new Map();
    this.#numericBefore = this.#numericNow;
    this.#numericNow = [];
  }

  /** Whether this pass gave every symbol the value that its forward references saw. */
  stable(): boolean {
    return (
      this.#before.size === this.#now.size &&
      [...this.#now].every(([name, value]) => this.#before.get(name) === value) &&
      this.#numericBefore.length === this.#numericNow.length &&
      this.#numericNow.every((label, i) => this.#numericBefore[i].address === label.address)
    );
  }

  /** Defines a label; returns the line of an earlier one of the same name, if there is one in this pass. */
  label(name: string, address: bigint, statement: number, line: number): number | undefined {
    if (/^[0-9]/.test(name)) {
      this.#numericNow.push({ number: Number(name), address, at: statement });
      return undefined;
    }
    const earlier = this.#labels.get(name);
    if (earlier !== undefined) return earlier;
    this.#labels.set(name, line);
    this.#now.set(name, address);
    return undefined;
  }

  /** Assigns a symbol; later assignments replace it from there on. Returns the line of a label of that name. */
  assign(name: string, value: bigint): number | undefined {
    const label = this.#labels.get(name);
    if (label === undefined) this.#now.set(name, value);
    return label;
  }

  /** What an expression in statement number `statement` at address `here` may refer to. */
  scope(statement: number, here: bigint): SymbolScope {
    return {
      here,
      symbol: (name) => this.#now.get(name) ?? this.#before.get(name) ?? this.#predefined.get(name),
      local: (number, direction) => {
        if (direction === 'b') return this.#numericNow.findLast((label) => label.number === number && label.at <= statement)?.address;
        return this.#numericBefore.find((label) => label.number === number && label.at > statement)?.address;
      },
    };
  }

  /** Notes where a literal lies; its name has spaces, which no symbol has. */
  literal(name: string, address: bigint): void {
    this.#now.set(name, address);
  }

  /** Every label and assigned symbol with its last value. */
  values(): ReadonlyMap<string, bigint> {
    return new Map([...this.#now].filter(([name]) => !name.includes(' ')));
  }
}
