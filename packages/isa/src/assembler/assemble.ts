/** The program assembler: labels, expressions and directives around an instruction set's single-instruction assembler. */
import { ByteWriter, hex } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { Cursor, Expectations } from '../cursor.ts';
import type { InstructionSet } from '../instruction-set.ts';
import { DIRECTIVES } from './directives.ts';
import type { DirectiveTarget } from './directives.ts';
import { statements } from './source.ts';
import { LiteralPool } from './literals.ts';
import type { Statement } from './source.ts';
import { Symbols } from './symbols.ts';

export interface AssembleOptions {
  readonly instructionSet: InstructionSet;
  /** Address of the first byte. */
  readonly origin?: bigint;
  /** Byte order of data; instructions keep the instruction set's own. */
  readonly byteOrder?: ByteOrder;
  /** Symbols defined outside the text. */
  readonly symbols?: Readonly<Record<string, bigint | number>>;
}

/** Where the bytes of one statement are. */
export interface LineMapEntry {
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
  /** Source line, from 1. */
  readonly line: number;
  readonly instruction: boolean;
}

export interface Program {
  readonly origin: bigint;
  readonly bytes: Uint8Array;
  /** Labels and assigned symbols; numeric labels are not listed. */
  readonly symbols: ReadonlyMap<string, bigint>;
  /** In address order, statements that produced bytes only. */
  readonly lines: readonly LineMapEntry[];
}

/** One error in a program. Line and column count from 1. */
export interface AssemblyProblem {
  readonly line: number;
  readonly column: number;
  /** The statement. */
  readonly text: string;
  /** What would have been accepted at that place. */
  readonly expected: readonly string[];
  /** `3:9: 'add x0, w1, #1': expected …`. */
  readonly message: string;
}

/** Thrown by `assemble`; `problems` has every error found, in source order. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
  readonly problems: readonly AssemblyProblem[];
  constructor(problems: readonly AssemblyProblem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}

interface Pass {
  readonly output: ByteWriter;
  readonly lines: readonly LineMapEntry[];
  readonly problems: readonly AssemblyProblem[];
}

/** Symbols settle in the second pass unless layout depends on values that depend on layout; then a few more. */
const MOST_PASSES = 8;

const ASSIGNMENT = /^([A-Za-z_.$][A-Za-z0-9_.$]*)\s*=(?!=)/;
const DIRECTIVE = /^\.([A-Za-z_0-9]+)(?=\s|$|")/;

/**
 * Assembles a program into one flat image. Directives and sections are described in the package README. Throws `AssemblyError` with
 * all errors when there is one. Instructions are 4 bytes and are not aligned for you.
 */
export function assemble(text: string, options: AssembleOptions): Program {
  const set = options.instructionSet;
  const origin = options.origin ?? 0n;
  const source = statements(text, set.comments);
  const predefined = new Map(Object.entries(options.symbols ?? {}).map(([name, value]) => [name, BigInt(value)]));
  const symbols = new Symbols(predefined);
  symbols.startPass();
  let pass = runPass(source, options, origin, symbols, false);
  for (let n = 1; n < MOST_PASSES; n++) {
    symbols.startPass();
    pass = runPass(source, options, origin, symbols, true);
    if (symbols.stable()) break;
    if (n === MOST_PASSES - 1 && pass.problems.length === 0) {
      const message = `symbols still change after ${MOST_PASSES} passes; break the cycle between a size and a label that depends on it`;
      throw new AssemblyError([{ line: 1, column: 1, text: '', expected: [], message }]);
    }
  }
  if (pass.problems.length > 0) throw new AssemblyError(pass.problems);
  return { origin, bytes: pass.output.toBytes(), symbols: symbols.values(), lines: pass.lines };
}

function problem(statement: Statement, at: number, expected: readonly string[]): AssemblyProblem {
  const { line, text } = statement;
  const column = statement.column + at;
  return { line, column, text, expected, message: `${line}:${column}: '${text}': expected ${expected.join(', or ')}` };
}

function runPass(source: readonly Statement[], options: AssembleOptions, origin: bigint, symbols: Symbols, settled: boolean): Pass {
  const set = options.instructionSet;
  const output = new ByteWriter(options.byteOrder ?? set.byteOrder);
  const lines: LineMapEntry[] = [];
  const problems: AssemblyProblem[] = [];
  const pool = new LiteralPool();
  const nop = set.nop === undefined ? undefined : new ByteWriter(set.byteOrder, 4).u32(set.nop).toBytes();
  const target: DirectiveTarget = {
    output, origin, nop, wordSize: set.wordSize, inText: true, settled,
    get afterInstruction() {
      return lines.at(-1)?.instruction ?? false;
    },
    instruction: (word) => void output.u32(word >>> 0, set.byteOrder),
    literals: () => {
      pool.flush(target, {
        place: (name) => symbols.literal(name, origin + BigInt(output.length)),
        refuse: (statement, at, expected) => void problems.push(problem(statement, at, expected)),
      });
    },
    assign(name, value, cursor) {
      const label = symbols.assign(name, value);
      if (label !== undefined) cursor.fail(`a name that is not a label ('${name}' is one, in line ${label})`, 0);
      return label === undefined;
    },
  };

  function directive(statement: Statement, name: string, start: number, index: number, here: bigint): void {
    const found = DIRECTIVES.get(name.toLowerCase());
    if (!found) {
      problems.push(problem(statement, 0, [`a directive ('.${name}' is not known; the README of isa lists them)`]));
      return;
    }
    const expectations = new Expectations();
    const cursor = new Cursor(statement.text, symbols.scope(index, here), { expectations, position: start });
    if (found(cursor, target)) {
      if (cursor.atEnd()) return;
      cursor.fail("',' or the end of the line");
    }
    problems.push(problem(statement, expectations.at, expectations.list));
  }

  function assignment(statement: Statement, name: string, start: number, index: number, here: bigint): void {
    const expectations = new Expectations();
    const cursor = new Cursor(statement.text, symbols.scope(index, here), { expectations, position: start });
    const value = cursor.expression();
    if (value !== undefined && cursor.atEnd()) {
      if (target.assign(name, value, cursor)) return;
    } else if (value !== undefined) cursor.fail('the end of the line');
    if (settled) problems.push(problem(statement, expectations.at, expectations.list));
  }

  function instruction(statement: Statement, index: number, here: bigint): void {
    const scope = symbols.scope(index, here);
    const load = set.literalLoad?.(statement.text);
    const literal = load && scope.symbol(pool.request(statement, load.at + 1, load.size, scope));
    if (!settled) {
      target.instruction(0);
      return;
    }
    const text = load ? `${statement.text.slice(0, load.at)}${hex(literal ?? here)}` : statement.text;
    const result = set.assembleInstruction(text, { pc: here, scope });
    target.instruction(result.ok ? result.word : 0);
    if (!result.ok) problems.push(problem(statement, result.at, result.expected));
  }

  for (const [index, statement] of source.entries()) {
    const here = origin + BigInt(output.length);
    for (const { name, column } of statement.labels) {
      const earlier = symbols.label(name, here, index, statement.line);
      if (earlier === undefined) continue;
      const message = `${statement.line}:${column}: label '${name}' is already defined in line ${earlier}; rename one, or use numeric labels (1:, 1b)`;
      problems.push({ line: statement.line, column, text: `${name}:`, expected: ['a new label'], message });
    }
    const before = output.length;
    const assigned = ASSIGNMENT.exec(statement.text);
    const dotted = DIRECTIVE.exec(statement.text);
    if (assigned) assignment(statement, assigned[1], assigned[0].length, index, here);
    else if (dotted) directive(statement, dotted[1], dotted[0].length, index, here);
    else if (statement.text !== '') instruction(statement, index, here);
    const size = output.length - before;
    if (size > 0) lines.push({ address: here, size, line: statement.line, instruction: !assigned && (!dotted || dotted[1] === 'inst') });
  }
  const end = output.length;
  target.literals();
  if (output.length > end) lines.push({ address: origin + BigInt(end), size: output.length - end, line: source.at(-1)?.line ?? 1, instruction: false });
  return { output, lines, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}
