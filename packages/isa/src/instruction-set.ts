/**
 * An instruction set: a table and its operand kinds, composed into a decoder, a disassembler and an instruction assembler. Rows are
 * compiled when something first asks for them: printing needs those it prints, assembling all.
 */
import { hex } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { compileCondition } from './condition.ts';
import type { CompiledCondition, Predicates } from './condition.ts';
import { Cursor, EMPTY_SCOPE, Expectations } from './cursor.ts';
import { compileDecoder } from './decoder.ts';
import type { CompiledRow, Decoder, TypedDecoder } from './decoder.ts';
import type { SymbolScope } from './expression.ts';
import type { FieldValues, Kind, Kinds } from './kind.ts';
import { COMMON_KINDS } from './kinds.ts';
import { encode, fieldNamed, operandsOf } from './pattern.ts';
import type { Pattern } from './pattern.ts';
import type { Alias, Condition, Row, Rows } from './row.ts';
import { parseTemplate, printNodes, readNodes, TemplateError } from './template.ts';
import type { OperandNode, Template } from './template.ts';

export interface InstructionSetOptions<R extends Rows> {
  readonly name: string;
  readonly rows: R;
  /** The architecture's operand kinds; the common ones (`COMMON_KINDS`) are always there. */
  readonly kinds?: Kinds;
  readonly predicates?: Predicates;
  /** Order of instruction words in memory. */
  readonly byteOrder: ByteOrder;
  /** What starts a comment that runs to the end of the line, besides `//` (and `#` as the first thing on a line). Default `@`. */
  readonly comments?: readonly string[];
  /** Names that are never symbols: registers. Lower case is passed in. */
  readonly reserved?: (name: string) => boolean;
  /** The word that fills alignment gaps in `.text`; without one they are zero. */
  readonly nop?: number;
  /** Bytes of a `.word`; 4 when not given. */
  readonly wordSize?: 2 | 4;
  /** Recognises an instruction that loads a constant from a literal pool (`ldr x0, =5`); none when not given. */
  readonly literalLoad?: (text: string) => LiteralLoad | undefined;
}

/** Where the `=` stands in the text and how many bytes the constant has. The instruction is assembled with its address in that place. */
export interface LiteralLoad {
  readonly at: number;
  readonly size: 4 | 8;
}

export interface DisassembleOptions {
  /** Address of the instruction; 0 when not given. */
  readonly pc?: bigint;
  /** Whether preferred aliases are printed; true when not given. */
  readonly aliases?: boolean;
  /** A name to print for a target address. */
  readonly symbol?: (address: bigint) => string | undefined;
}

export interface Disassembly {
  readonly id: string;
  readonly text: string;
  /** Whether the text is an alias. */
  readonly alias: boolean;
  readonly row: Row;
  readonly operands: FieldValues;
}

export interface AssembleInstructionOptions {
  readonly pc?: bigint;
  readonly scope?: SymbolScope;
}

export type AssembledInstruction =
  | { readonly ok: true; readonly word: number; readonly id: string; readonly operands: FieldValues }
  /** `at` is an index into the text; `expected` what would have been accepted there. */
  | { readonly ok: false; readonly at: number; readonly expected: readonly string[] };

export interface InstructionSet {
  readonly name: string;
  readonly rows: Rows;
  readonly decoder: Decoder;
  readonly byteOrder: ByteOrder;
  readonly comments: readonly string[];
  readonly nop: number | undefined;
  readonly wordSize: 2 | 4;
  readonly literalLoad: ((text: string) => LiteralLoad | undefined) | undefined;
  /** The instruction's text, or `.inst 0x…` for a word that is not allocated or not printable. */
  disassemble(word: number, options?: DisassembleOptions): string;
  /** As `disassemble`, with what was recognised; undefined for a word that is not allocated or not printable. */
  describe(word: number, options?: DisassembleOptions): Disassembly | undefined;
  /** One instruction without label or comment. Never throws for what the text says. */
  assembleInstruction(text: string, options?: AssembleInstructionOptions): AssembledInstruction;
  /** The mnemonics that begin a template, sorted; those with operands in the mnemonic end in `…`. */
  readonly mnemonics: readonly string[];
}

/** An instruction set that knows its table's type. */
export type TypedInstructionSet<R extends Rows> = { readonly rows: R; readonly decoder: TypedDecoder<R> } & InstructionSet;

/** One template of one row with its condition. */
interface Form {
  readonly row: CompiledRow;
  readonly template: Template;
  readonly when: CompiledCondition | undefined;
  readonly alias: boolean;
  /** For aliases: when it is printed. */
  readonly prefer: readonly CompiledCondition[] | false | undefined;
}

/** The forms by what they begin with: their mnemonic, or the part of it before the first operand in it. */
interface Mnemonics {
  readonly exact: ReadonlyMap<string, readonly Form[]>;
  readonly prefixed: readonly Form[];
}

function mnemonicsOf(forms: readonly Form[]): Mnemonics {
  const exact = new Map<string, Form[]>();
  const prefixed: Form[] = [];
  for (const form of forms) {
    const { template } = form;
    const same = exact.get(template.prefix);
    if (!template.exact) prefixed.push(form);
    else if (same) same.push(form);
    else exact.set(template.prefix, [form]);
  }
  return { exact, prefixed };
}

function conditions(given: Condition | readonly Condition[] | undefined): readonly Condition[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? (given as readonly Condition[]) : [given as Condition];
}

/** The kind a placeholder means; a bare `{field}` without a kind of that name is hexadecimal. */
export function kindOf(node: OperandNode, kinds: Kinds): Kind | undefined {
  const own = Object.hasOwn(kinds, node.kind) ? kinds[node.kind] : undefined;
  if (own) return own;
  if (Object.hasOwn(COMMON_KINDS, node.kind)) return COMMON_KINDS[node.kind];
  return node.fields.length === 1 && node.fields[0] === node.kind ? COMMON_KINDS['hex'] : undefined;
}

function registeredKind(node: OperandNode, kinds: Kinds): Kind {
  const kind = kindOf(node, kinds);
  if (!kind) throw new TemplateError(`no operand kind ${node.kind} is registered`);
  return kind;
}

function formsOf(compiled: CompiledRow, kinds: Kinds, predicates: Predicates): readonly Form[] {
  const { id, row, pattern } = compiled;
  const compile = (condition: Condition, what: string): CompiledCondition => {
    const result = compileCondition(condition, pattern, predicates, `${id}: ${what}`);
    for (const name of result.predicates) {
      if (!Object.hasOwn(predicates, name.replace(/^!/, ''))) throw new TemplateError(`${id}: ${what}: no predicate ${name} is registered`);
    }
    return result;
  };
  const build = (variant: Alias, alias: boolean): Form[] => {
    const template = parseTemplate(variant.text);
    for (const node of template.operands) {
      if (!kindOf(node, kinds)) throw new TemplateError(`${id}: template '${template.source}': no operand kind ${node.kind} is registered`);
      for (const field of node.fields) {
        if (!pattern.byName.has(field)) throw new TemplateError(`${id}: template '${template.source}': pattern '${pattern.source}' has no field ${field}`);
      }
    }
    const prefer = variant.prefer === false ? false : variant.prefer && conditions(variant.prefer).map((c) => compile(c, `prefer of '${template.source}'`));
    const whens = variant.when === undefined ? [undefined] : conditions(variant.when).map((c) => compile(c, `when of '${template.source}'`));
    return whens.map((when) => ({ row: compiled, template, when, alias, prefer }));
  };
  const variants = typeof row.asm === 'string' ? [{ text: row.asm }] : row.asm;
  return [...variants.flatMap((variant) => build(variant, false)), ...(row.aliases ?? []).flatMap((alias) => build(alias, true))];
}

/** What kinds are told about the placeholder they stand in. */
function placeholderContext(node: OperandNode, pattern: Pattern, pc: bigint) {
  const width = (name: string): number => fieldNamed(pattern, name).width;
  return {
    fields: node.fields, field: node.fields[0] ?? '', args: node.args, pc, width,
    has: (name: string): boolean => pattern.byName.has(name),
    split(value: number): FieldValues | undefined {
      const result: Record<string, number> = {};
      let rest = value;
      for (const name of [...node.fields].reverse()) {
        const size = 2 ** width(name);
        result[name] = rest % size;
        rest = Math.floor(rest / size);
      }
      return rest === 0 && value >= 0 ? result : undefined;
    },
  };
}

const MNEMONIC = /[A-Za-z_.][A-Za-z0-9_.]*[+-]?/y;

/** Completes fields that a condition ties to others. */
function withEqualities(known: FieldValues, when: CompiledCondition | undefined): FieldValues {
  if (!when || when.equal.length === 0) return known;
  const result: Record<string, number> = { ...known };
  for (let round = 0; round <= when.equal.length; round++) {
    for (const [a, b] of when.equal) {
      if (result[a] === undefined && result[b] !== undefined) result[a] = result[b];
      else if (result[b] === undefined && result[a] !== undefined) result[b] = result[a];
    }
  }
  return result;
}

/**
 * Composes an instruction set. A row that cannot be compiled throws (`PatternError`, `ConditionError`, `TemplateError`, naming the row)
 * when it is first printed or anything is first assembled; `lint` lists everything that is wrong with a table at once.
 */
export function createInstructionSet<const R extends Rows>(options: InstructionSetOptions<R>): TypedInstructionSet<R> {
  const kinds = options.kinds ?? {};
  const decoder = compileDecoder(options.rows);
  const compiled = new Map<string, readonly Form[]>();
  const formsFor = (row: CompiledRow): readonly Form[] => {
    let forms = compiled.get(row.id);
    if (!forms) compiled.set(row.id, (forms = formsOf(row, kinds, options.predicates ?? {})));
    return forms;
  };
  let known: Mnemonics | undefined;
  const mnemonics = (): Mnemonics => known ??= mnemonicsOf(decoder.rows.flatMap(formsFor));

  function print(form: Form, operands: FieldValues, settings: DisassembleOptions): string | undefined {
    const pc = settings.pc ?? 0n;
    return printNodes(form.template.nodes, operands, (node) => {
      const context = placeholderContext(node, form.row.pattern, pc);
      let joined = 0;
      for (const name of node.fields) joined = joined * 2 ** context.width(name) + operands[name];
      return registeredKind(node, kinds).print({
        ...context, operands, joined, value: operands[context.field] ?? 0,
        address: (target) => settings.symbol?.(target) ?? hex(target),
      });
    });
  }

  function describe(word: number, settings: DisassembleOptions = {}): Disassembly | undefined {
    const found = decoder.find(word);
    if (!found) return undefined;
    const operands: FieldValues = operandsOf(found.pattern, word);
    const get = (name: string): number => operands[name];
    const forms = formsFor(found);
    const wanted = settings.aliases ?? true;
    for (const alias of wanted ? [true, false] : [false]) {
      for (const form of forms) {
        if (form.alias !== alias || form.prefer === false) continue;
        if (form.when && !form.when.test(get)) continue;
        if (form.prefer && !form.prefer.some((condition) => condition.test(get))) continue;
        const text = print(form, operands, settings);
        if (text !== undefined) return { id: found.id, text: text.trimEnd(), alias, row: found.row, operands };
      }
    }
    return undefined;
  }

  /** Tries one template; a mismatch leaves its mark in `expectations`. */
  function read(form: Form, text: string, start: number, pc: bigint, scope: SymbolScope, expectations: Expectations): FieldValues | undefined {
    const { row, template, when } = form;
    const cursor = new Cursor(text, scope, { expectations, position: start, ...(options.reserved && { reserved: reservedName }) });
    return readNodes(template.nodes, cursor, when?.fixed ?? {}, {
      operand: (node, at, known) => registeredKind(node, kinds).parse(at, { ...placeholderContext(node, row.pattern, pc), operands: known }),
      done(at, partial) {
        if (!at.atEnd()) return at.fail('the end of the instruction');
        const known = withEqualities(partial, when);
        const open = row.pattern.fields.find((field) => known[field.name] === undefined);
        if (open) return at.fail(`a template that determines field ${open.name} (${row.id}: '${template.source}' does not)`);
        if (when && !when.test((name) => known[name])) return at.fail(`operands for which ${row.id} is written '${template.source}'`);
        const operands = Object.fromEntries(row.pattern.fields.map((field) => [field.name, known[field.name]]));
        if (decoder.find(encode(row.row, operands)) !== row) return at.fail('an allocated combination of operands');
        return operands;
      },
    });
  }

  function reservedName(name: string): boolean {
    return options.reserved?.(name.toLowerCase()) ?? false;
  }

  function assembleInstruction(text: string, settings: AssembleInstructionOptions = {}): AssembledInstruction {
    const start = text.length - text.trimStart().length;
    MNEMONIC.lastIndex = start;
    const mnemonic = MNEMONIC.exec(text)?.[0].toLowerCase();
    if (mnemonic === undefined) return { ok: false, at: start, expected: ['a mnemonic'] };
    const expectations = new Expectations();
    const { exact, prefixed } = mnemonics();
    const candidates = [...(exact.get(mnemonic) ?? []), ...prefixed.filter((form) => mnemonic.startsWith(form.template.prefix))];
    const scope = settings.scope ?? EMPTY_SCOPE;
    for (const form of candidates) {
      const operands = read(form, text, start, settings.pc ?? 0n, scope, expectations);
      if (operands) return { ok: true, word: encode(form.row.row, operands), id: form.row.id, operands };
    }
    if (expectations.at < start + mnemonic.length && !exact.has(mnemonic)) {
      return { ok: false, at: start, expected: [`a mnemonic of ${options.name} ('${mnemonic}' is none)`] };
    }
    return { ok: false, at: expectations.at, expected: expectations.list };
  }

  return {
    name: options.name, rows: options.rows, decoder, byteOrder: options.byteOrder,
    comments: options.comments ?? ['@'], nop: options.nop, wordSize: options.wordSize ?? 4,
    literalLoad: options.literalLoad,
    describe,
    disassemble: (word, settings) => describe(word, settings)?.text ?? `.inst ${hex(word >>> 0, 8)}`,
    assembleInstruction,
    get mnemonics() {
      const { exact, prefixed } = mnemonics();
      return [...new Set([...exact.keys(), ...prefixed.map((form) => `${form.template.prefix}…`)])].sort();
    },
  };
}
