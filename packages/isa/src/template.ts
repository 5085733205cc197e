/**
 * Assembly templates: `'add {rd:Rsp}, {rn:Rsp}, #{imm12:hex}<, {sh:lsl12}>'`. See the README for the language. A template is parsed
 * once into nodes, which print and read.
 */
import type { Cursor } from './cursor.ts';
import type { FieldValues } from './kind.ts';

export interface OperandNode {
  readonly type: 'operand';
  readonly fields: readonly string[];
  readonly kind: string;
  readonly args: readonly string[];
  /** Per field; what an omitted optional group means. */
  readonly defaults: readonly number[];
}
export type TemplateNode =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'space' }
  | OperandNode
  | { readonly type: 'optional'; readonly nodes: readonly TemplateNode[]; readonly defaults: FieldValues };

export interface Template {
  readonly source: string;
  readonly nodes: readonly TemplateNode[];
  /** The literal text the mnemonic starts with, in lower case… */
  readonly prefix: string;
  /** …and whether that is all of the mnemonic. */
  readonly exact: boolean;
  readonly operands: readonly OperandNode[];
}

/** A template that cannot be read. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

const PLACEHOLDER = /^((?:\w+\s*,\s*)*\w+)?(?::(\w+)(?:\(([^()]*)\))?)?(?:=([0-9]+(?:\s*,\s*[0-9]+)*))?$/;

function list(text: string | undefined): string[] {
  return text === undefined || text.trim() === '' ? [] : text.split(',').map((item) => item.trim());
}

function parsePlaceholder(body: string, source: string): OperandNode {
  const match = PLACEHOLDER.exec(body.trim());
  const fields = list(match?.[1]);
  const kind = match?.[2] ?? (fields.length === 1 ? fields[0] : undefined);
  if (!match || kind === undefined) {
    throw new TemplateError(`template '${source}': '{${body}}' is not understood; write {field:kind}, {a,b:kind(argument)=default} or {field}`);
  }
  const defaults = list(match[4]).map(Number);
  if (defaults.length > 0 && defaults.length !== fields.length) {
    throw new TemplateError(`template '${source}': '{${body}}' has ${fields.length} fields and ${defaults.length} defaults`);
  }
  return { type: 'operand', fields, kind, args: list(match[3]), defaults: defaults.length > 0 ? defaults : fields.map(() => 0) };
}

/** All operand nodes, those inside optional groups too. */
function operandsIn(nodes: readonly TemplateNode[]): OperandNode[] {
  return nodes.flatMap((node) => (node.type === 'operand' ? [node] : node.type === 'optional' ? operandsIn(node.nodes) : []));
}

function defaultsOf(nodes: readonly TemplateNode[]): FieldValues {
  return Object.fromEntries(operandsIn(nodes).flatMap((node) => node.fields.map((field, i) => [field, node.defaults[i]])));
}

/** Reads a template. Throws `TemplateError` for unbalanced brackets and unreadable placeholders. */
export function parseTemplate(source: string): Template {
  const root: TemplateNode[] = [];
  const open: TemplateNode[][] = [root];
  let at = 0;
  const add = (node: TemplateNode): void => {
    const target = open[open.length - 1];
    const last = target[target.length - 1];
    if (node.type === 'text' && last?.type === 'text') target[target.length - 1] = { type: 'text', text: last.text + node.text };
    else target.push(node);
  };
  while (at < source.length) {
    const c = source[at];
    if ((c === '{' || c === '}') && source[at + 1] === c) {
      add({ type: 'text', text: c });
      at += 2;
    } else if (c === '{') {
      const end = source.indexOf('}', at);
      if (end < 0) throw new TemplateError(`template '${source}': '{' at ${at} is never closed; a literal brace is written twice`);
      add(parsePlaceholder(source.slice(at + 1, end), source));
      at = end + 1;
    } else if (c === '}') {
      throw new TemplateError(`template '${source}': '}' at ${at} closes nothing; a literal brace is written twice`);
    } else if (c === '<') {
      open.push([]);
      at += 1;
    } else if (c === '>') {
      const nodes = open.pop();
      if (!nodes || open.length === 0) throw new TemplateError(`template '${source}': '>' at ${at} closes no '<'`);
      add({ type: 'optional', nodes, defaults: defaultsOf(nodes) });
      at += 1;
    } else if (c === ' ') {
      add({ type: 'space' });
      at += 1;
    } else {
      add({ type: 'text', text: c });
      at += 1;
    }
  }
  if (open.length !== 1) throw new TemplateError(`template '${source}': '<' is never closed`);
  const first = root[0];
  if (first?.type !== 'text' || !/^[A-Za-z_.]/.test(first.text)) {
    throw new TemplateError(`template '${source}': it must begin with the mnemonic's letters`);
  }
  const second = root[1];
  const exact = second === undefined || second.type === 'space' || (second.type === 'optional' && second.nodes[0]?.type === 'space');
  return { source, nodes: root, prefix: first.text.toLowerCase(), exact, operands: operandsIn(root) };
}

/** The text, with `printOperand` for the placeholders; undefined when one of them cannot be printed. */
export function printNodes(nodes: readonly TemplateNode[], operands: FieldValues, printOperand: (node: OperandNode) => string | undefined): string | undefined {
  let text = '';
  for (const node of nodes) {
    if (node.type === 'text') text += node.text;
    else if (node.type === 'space') text += ' ';
    else if (node.type === 'operand') {
      const printed = printOperand(node);
      if (printed === undefined) return undefined;
      text += printed;
    } else if (Object.entries(node.defaults).some(([field, value]) => operands[field] !== value)) {
      const printed = printNodes(node.nodes, operands, printOperand);
      if (printed === undefined) return undefined;
      text += printed;
    }
  }
  return text;
}

/** `known` with `more` added, or the name of a field on which they disagree. */
function merge(known: FieldValues, more: FieldValues): FieldValues | string {
  for (const name of Object.keys(more)) if (known[name] !== undefined && known[name] !== more[name]) return name;
  return { ...known, ...more };
}

export interface ReadHooks {
  /** Reads one placeholder. */
  operand(node: OperandNode, cursor: Cursor, known: FieldValues): FieldValues | undefined;
  /** Called after the last node; returns whether the statement is complete and acceptable. */
  done(cursor: Cursor, known: FieldValues): FieldValues | undefined;
}

/** Matches nodes against the cursor; optional groups are tried first, then skipped with their defaults. */
export function readNodes(nodes: readonly TemplateNode[], cursor: Cursor, known: FieldValues, hooks: ReadHooks): FieldValues | undefined {
  let fields = known;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i];
    if (node.type === 'space') {
      cursor.skipSpaces();
    } else if (node.type === 'text') {
      const next = nodes[i + 1]?.type;
      if (!readText(node.text, cursor, next === undefined || next === 'space')) return undefined;
    } else if (node.type === 'operand') {
      cursor.skipSpaces();
      const at = cursor.position;
      const read = hooks.operand(node, cursor, fields);
      if (!read) return undefined;
      const merged = merge(fields, read);
      if (typeof merged === 'string') {
        return cursor.fail(`an operand that agrees with the others (${merged} is ${fields[merged]} so far, here ${read[merged]})`, at);
      }
      fields = merged;
    } else {
      const before = cursor.position;
      const rest = nodes.slice(i + 1);
      const withGroup = readNodes([...node.nodes, ...rest], cursor, fields, hooks);
      if (withGroup) return withGroup;
      cursor.position = before;
      const merged = merge(fields, node.defaults);
      return typeof merged === 'string' ? undefined : readNodes(rest, cursor, merged, hooks);
    }
  }
  return hooks.done(cursor, fields);
}

/** Literal text: spaces around punctuation are free, a `#` may be left out, letter case does not matter. */
function readText(text: string, cursor: Cursor, endsWord: boolean): boolean {
  const pieces = text.match(/[\w.]+|[^\w.]/g) ?? [];
  for (const [i, piece] of pieces.entries()) {
    if (cursor.literal(piece, endsWord || i < pieces.length - 1) || piece === '#') continue;
    cursor.fail(`'${piece}'`);
    return false;
  }
  return true;
}
