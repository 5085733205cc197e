import { GdbError, protocolError } from '../error.ts';
import { parseXml } from '../xml/xml.ts';
import type { XmlElement } from '../xml/xml.ts';

/** A register as the target describes it. */
export interface TargetRegister {
  readonly name: string;
  /** The number that `p`, `P` and stop replies use. */
  readonly number: number;
  readonly bitSize: number;
  /** `int`, `code_ptr`, `ieee_double`, … or the id of a type of its feature. */
  readonly type: string;
  /** `general`, `float`, `vector`, `system`, … where given. */
  readonly group?: string;
  /** The feature that lists it: `org.gnu.gdb.aarch64.core`. */
  readonly feature: string;
  /** Where its bytes start in the reply to `g`. */
  readonly offset: number;
}

/** A named part of a flags, struct or union type. */
export interface TargetField {
  readonly name: string;
  /** First and last bit, for flags and bit structs. */
  readonly bits?: readonly [number, number];
  readonly type?: string;
}

/** A type that a feature defines. */
export interface TargetType {
  readonly id: string;
  readonly kind: 'flags' | 'struct' | 'union' | 'vector' | 'enum';
  /** For vectors the element type and count. */
  readonly vector?: { readonly type: string; readonly count: number };
  readonly fields: readonly TargetField[];
}

/** What `target.xml`, with its includes, says about the target. */
export interface TargetDescription {
  readonly architecture?: string;
  readonly features: readonly string[];
  /** In the order of their numbers, which is their order in `g`. */
  readonly registers: readonly TargetRegister[];
  readonly types: ReadonlyMap<string, TargetType>;
}

const MAX_ANNEXES = 64;
const MAX_REGISTERS = 16_384;
const KINDS = ['flags', 'struct', 'union', 'vector', 'enum'] as const;

/**
 * Reads `target.xml` and the annexes it includes; `fetch` delivers one by name (for a client, through qXfer).
 *
 * @throws GdbError `protocol` when a document is malformed, includes itself or too many, or numbers a register twice.
 */
export async function readTargetDescription(fetch: (annex: string) => Promise<string>): Promise<TargetDescription> {
  const state: Collected = { features: [], registers: [], types: new Map(), next: 0, annexes: 0 };
  await collect(await load('target.xml', fetch, state), ['target.xml'], fetch, state);
  const registers = layOut(state.registers);
  return {
    ...(state.architecture === undefined ? {} : { architecture: state.architecture }),
    features: state.features,
    registers,
    types: state.types,
  };
}

interface Collected {
  architecture?: string;
  readonly features: string[];
  readonly registers: Omit<TargetRegister, 'offset'>[];
  readonly types: Map<string, TargetType>;
  /** The number of a register that has none of its own. */
  next: number;
  annexes: number;
}

async function load(annex: string, fetch: (annex: string) => Promise<string>, state: Collected): Promise<XmlElement> {
  state.annexes += 1;
  if (state.annexes > MAX_ANNEXES) throw protocolError(annex, `a target description has at most ${MAX_ANNEXES} annexes`);
  return parseXml(await fetch(annex));
}

/** Walks a `target` or `feature` element; an include stands for the root of the document it names. */
async function collect(element: XmlElement, path: readonly string[], fetch: (annex: string) => Promise<string>, state: Collected): Promise<void> {
  if (element.name === 'feature') state.features.push(element.attributes.get('name') ?? '');
  for (const child of element.children) {
    if (child.name === 'xi:include') {
      const href = child.attributes.get('href') ?? '';
      if (path.includes(href)) throw protocolError(href, 'an annex may not include itself');
      await collectRoot(await load(href, fetch, state), [...path, href], fetch, state);
    } else if (child.name === 'architecture') {
      state.architecture = child.text;
    } else if (child.name === 'feature') {
      await collect(child, path, fetch, state);
    } else if (child.name === 'reg') {
      addRegister(child, element.attributes.get('name') ?? '', state);
    } else if ((KINDS as readonly string[]).includes(child.name)) {
      addType(child, state);
    }
  }
}

async function collectRoot(root: XmlElement, path: readonly string[], fetch: (annex: string) => Promise<string>, state: Collected): Promise<void> {
  if (root.name === 'feature' || root.name === 'target') await collect(root, path, fetch, state);
  else await collect({ name: 'include', attributes: new Map(), children: [root], text: '' }, path, fetch, state);
}

function attributeNumber(element: XmlElement, name: string): number | undefined {
  const text = element.attributes.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^(0x[0-9a-fA-F]+|\d+)$/.test(text) || value > 0xffff) throw protocolError(`${name}="${text}"`, 'it must be a number up to 65535');
  return value;
}

function addRegister(element: XmlElement, feature: string, state: Collected): void {
  const name = element.attributes.get('name');
  const bitSize = attributeNumber(element, 'bitsize');
  if (name === undefined || bitSize === undefined) throw protocolError(`reg ${name ?? ''}`, 'a register has a name and a bitsize');
  const number = attributeNumber(element, 'regnum') ?? state.next;
  state.next = number + 1;
  if (state.registers.length === MAX_REGISTERS) throw protocolError(name, `a target has at most ${MAX_REGISTERS} registers`);
  const group = element.attributes.get('group');
  state.registers.push({ name, number, bitSize, type: element.attributes.get('type') ?? 'int', ...(group === undefined ? {} : { group }), feature });
}

function addType(element: XmlElement, state: Collected): void {
  const id = element.attributes.get('id') ?? '';
  const kind = element.name as TargetType['kind'];
  const fields = element.children
    .filter((c) => c.name === 'field')
    .map((c): TargetField => {
      const start = attributeNumber(c, 'start');
      const type = c.attributes.get('type');
      return {
        name: c.attributes.get('name') ?? '',
        ...(start === undefined ? {} : { bits: [start, attributeNumber(c, 'end') ?? start] as const }),
        ...(type === undefined ? {} : { type }),
      };
    });
  const vector = kind === 'vector' ? { vector: { type: element.attributes.get('type') ?? '', count: attributeNumber(element, 'count') ?? 0 } } : {};
  state.types.set(id, { id, kind, ...vector, fields });
}

/** Offsets in `g`: registers in the order of their numbers, without gaps. */
function layOut(registers: readonly Omit<TargetRegister, 'offset'>[]): TargetRegister[] {
  const sorted = [...registers].sort((a, b) => a.number - b.number);
  let offset = 0;
  return sorted.map((register, i) => {
    if (sorted[i + 1]?.number === register.number) throw protocolError(register.name, `two registers have the number ${register.number}`);
    const placed = { ...register, offset };
    offset += Math.ceil(register.bitSize / 8);
    return placed;
  });
}

/** The register of that name (any case). Throws GdbError `state` naming near ones. */
export function findRegister(description: TargetDescription, name: string): TargetRegister {
  const wanted = name.toLowerCase();
  const found = description.registers.find((r) => r.name.toLowerCase() === wanted);
  if (found !== undefined) return found;
  const near = description.registers.map((r) => r.name).filter((n) => n.toLowerCase().startsWith(wanted.slice(0, 1)));
  throw new GdbError('state', `register ${name}: the target has none of that name. Near it: ${near.slice(0, 12).join(', ') || 'nothing'}`);
}
