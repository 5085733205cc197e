import type { ByteOrder } from '@worldswitch/bits';
import type { Effect, FlagsEffect, Node, NodeId, Template } from '../ir/types.ts';
import type { FunctionWriter, Local } from '../wasm/function.ts';
import { Op, Type, type Opcode } from '../wasm/opcodes.ts';
import { emitBinary, emitCompare, emitLane, emitReverseBytes, emitSplat, emitUnary, emitVector, emitWithLane } from './arithmetic.ts';
import { FlagsLowering, type FlagsHome } from './flags.ts';
import { emitAccess } from './memory.ts';
import type { GuestLocals, Operands } from './operands.ts';

/** What a template's code needs of the function it goes into. */
export interface LoweringContext {
  readonly f: FunctionWriter;
  readonly locals: GuestLocals;
  /** Function index of `probe`. */
  readonly probe: number;
  readonly order: ByteOrder;
  /** Where the flags are kept; the header of the state block unless given. */
  readonly flags?: FlagsHome;
}

const LOAD: Readonly<Record<'i32' | 'i64', Readonly<Record<number, readonly [Opcode, Opcode]>>>> = {
  i32: { 1: [Op.i32Load8U, Op.i32Load8S], 2: [Op.i32Load16U, Op.i32Load16S], 4: [Op.i32Load, Op.i32Load] },
  i64: { 1: [Op.i64Load8U, Op.i64Load8S], 2: [Op.i64Load16U, Op.i64Load16S], 4: [Op.i64Load32U, Op.i64Load32S], 8: [Op.i64Load, Op.i64Load] },
};
const STORE: Readonly<Record<'i32' | 'i64', Readonly<Record<number, Opcode>>>> = {
  i32: { 1: Op.i32Store8, 2: Op.i32Store16, 4: Op.i32Store },
  i64: { 1: Op.i64Store8, 2: Op.i64Store16, 4: Op.i64Store32, 8: Op.i64Store },
};

/**
 * Emits one template. Values are computed where they are used, except that accesses and loads keep their order and that
 * every value used after the first effect is computed before it: reads see the state before the instruction.
 */
export class TemplateLowering {
  readonly #context: LoweringContext;
  readonly #template: Template;
  readonly #operands: Operands;
  readonly #uses: readonly number[];
  readonly #local = new Map<NodeId, Local>();
  readonly #flags: FlagsLowering;

  constructor(context: LoweringContext, template: Template, operands: Operands) {
    this.#context = context;
    this.#template = template;
    this.#operands = operands;
    this.#uses = countUses(template);
    this.#flags = new FlagsLowering(context.f, context.locals.cpu, context.flags);
  }

  /**
   * Emits nodes and effects. Afterwards `value` pushes what the end needs.
   * `ends` names the nodes that the caller will ask for.
   */
  emit(ends: readonly NodeId[]): void {
    const { nodes, effects } = this.#template;
    nodes.forEach((node, id) => {
      if (node.op === 'access') this.#materialise(id);
      else if (node.op === 'require') this.#require(node.condition);
      else if (node.op === 'load' && this.#uses[id] > 0) this.#materialise(id);
    });
    const [first, ...others] = effects;
    for (const effect of others) operandsOf(effect).forEach((id) => { this.#materialise(id); });
    if (effects.length > 0) ends.forEach((id) => { this.#materialise(id); });
    if (first !== undefined) {
      // Flag effects write several words, and condition or operands may be flags themselves.
      if (first.op !== 'set') operandsOf(first).forEach((id) => { this.#materialise(id); });
      this.#effect(first);
    }
    for (const effect of others) this.#effect(effect);
  }

  /** Pushes a node's value. */
  value(id: NodeId): void {
    const { f } = this.#context;
    const known = this.#local.get(id);
    if (known !== undefined) {
      f.get(known);
      return;
    }
    const node = this.#template.nodes[id];
    this.#node(node, id);
    if (this.#uses[id] > 1 && node.op !== 'const' && node.op !== 'imm') {
      const local = f.temporary(Type[node.type]);
      this.#local.set(id, local);
      f.tee(local);
    }
  }

  #materialise(id: NodeId): void {
    const node = this.#template.nodes[id];
    if (this.#local.has(id) || node.op === 'const' || node.op === 'imm') return;
    const { f } = this.#context;
    this.#node(node, id);
    if (this.#local.has(id)) return;
    const local = f.temporary(Type[node.type]);
    f.set(local);
    this.#local.set(id, local);
  }

  #node(node: Node, id: NodeId): void {
    const { f, locals, probe } = this.#context;
    switch (node.op) {
      case 'const':
        if (node.type === 'i32') f.i32(node.value);
        else if (node.type === 'i64') f.i64(node.value);
        else f.v128(node.value);
        break;
      case 'imm':
        if (node.hole.kind === 'wide') this.#operands.wide(node.hole as never);
        else this.#operands.int(node.hole as never, node.type === 'i64' ? 64 : 32);
        break;
      case 'get': {
        const local = this.#operands.local?.(node.slot);
        if (local !== undefined) {
          f.get(local);
          if (node.type === 'i32') f.op(Op.i32WrapI64);
          break;
        }
        const offset = this.#operands.slot(node.slot);
        f.memory(node.type === 'i32' ? Op.i32Load : node.type === 'i64' ? Op.i64Load : Op.v128Load, offset);
        break;
      }
      case 'pc': this.#operands.pc(); break;
      case 'unary':
        this.value(node.a);
        emitUnary(f, node.name, node.type);
        break;
      case 'binary':
        this.value(node.a);
        this.value(node.b);
        emitBinary(f, node.name, node.type);
        break;
      case 'compare':
        this.value(node.a);
        this.value(node.b);
        emitCompare(f, node.name, this.#template.nodes[node.a].type as 'i32' | 'i64');
        break;
      case 'convert':
        this.value(node.a);
        f.op({ wrap: Op.i32WrapI64, extendU: Op.i64ExtendI32U, extendS: Op.i64ExtendI32S }[node.name]);
        break;
      case 'select':
        this.value(node.a);
        this.value(node.b);
        this.value(node.condition);
        f.op(Op.select);
        break;
      case 'condition': this.#flags.condition(node.condition); break;
      case 'flags': this.#flags.packed(); break;
      case 'vector':
        this.value(node.a);
        this.value(node.b);
        emitVector(f, node.name);
        break;
      case 'splat':
        this.value(node.a);
        emitSplat(f, node.lane);
        break;
      case 'lane':
        this.value(node.a);
        emitLane(f, node.lane, node.index, node.signed);
        break;
      case 'withLane':
        this.value(node.a);
        this.value(node.b);
        emitWithLane(f, node.lane, node.index);
        break;
      case 'access': {
        const address = f.temporary(Type.i64);
        this.value(node.address);
        f.set(address);
        this.#local.set(id, emitAccess(f, locals, probe, node.shape, address, this.#operands.slow));
        break;
      }
      case 'load': this.#load(node); break;
      case 'require': throw new Error(`require ${node.name} has no value`);
      case 'helper': throw new Error(`helper ${node.name} has no generated code: the template is not inline`);
    }
  }

  #require(condition: NodeId): void {
    this.value(condition);
    this.#context.f.op(Op.i32Eqz).brIf(this.#operands.slow);
  }
  #load(node: Node & { op: 'load' }): void {
    const { f, order } = this.#context;
    this.value(node.access);
    if (node.type === 'v128') {
      f.memory(Op.v128Load, node.offset);
      if (order === 'big') throw new Error('vector loads of big-endian data go out of line');
      return;
    }
    const swapped = order === 'big' && node.size > 1;
    f.memory(LOAD[node.type][node.size][node.signed && !swapped ? 1 : 0], node.offset);
    if (!swapped) return;
    emitReverseBytes(f, node.type, node.size as 2 | 4 | 8);
    if (!node.signed) return;
    if (node.size === 2) f.op(node.type === 'i64' ? Op.i64Extend16S : Op.i32Extend16S);
    else if (node.size === 4 && node.type === 'i64') f.op(Op.i64Extend32S);
  }

  #effect(effect: Effect): void {
    const { f } = this.#context;
    switch (effect.op) {
      case 'set': {
        const { type } = this.#template.nodes[effect.value];
        const local = this.#operands.local?.(effect.slot);
        const offset = local === undefined ? this.#operands.slot(effect.slot) : 0;
        this.value(effect.value);
        if (type === 'i32') f.op(Op.i64ExtendI32U);
        if (local !== undefined) f.set(local);
        else f.memory(type === 'v128' ? Op.v128Store : Op.i64Store, offset);
        break;
      }
      case 'store': this.#store(effect); break;
      case 'setFlags': this.#setFlags(effect.flags); break;
      case 'setFlagsIf':
        this.value(effect.condition);
        f.if();
        this.#setFlags(effect.then);
        f.else();
        this.#flags.setPacked(effect.otherwise);
        f.end();
        this.#flags.merge();
    }
  }
  #store(effect: Effect & { op: 'store' }): void {
    const { f, order } = this.#context;
    const { type } = this.#template.nodes[effect.value];
    this.value(effect.access);
    this.value(effect.value);
    if (type === 'v128') {
      f.memory(Op.v128Store, effect.offset);
      return;
    }
    if (order === 'big' && effect.size > 1) {
      const bits = effect.size * 8;
      if (bits < 32 || (bits < 64 && type === 'i64')) {
        if (type === 'i64') f.i64((1n << BigInt(bits)) - 1n).op(Op.i64And);
        else f.i32(2 ** bits - 1).op(Op.i32And);
      }
      emitReverseBytes(f, type, effect.size as 2 | 4 | 8);
    }
    f.memory(STORE[type][effect.size], effect.offset);
  }
  #setFlags(effect: FlagsEffect): void {
    const local = (id: NodeId): Local => {
      const node = this.#template.nodes[id];
      const known = this.#local.get(id);
      if (known !== undefined) return known;
      const fresh = this.#context.f.temporary(Type[node.type]);
      this.value(id);
      this.#context.f.set(fresh);
      return fresh;
    };
    this.#flags.set(effect, { a: local(effect.a), b: 'b' in effect ? local(effect.b) : 0, carry: 'carry' in effect ? local(effect.carry) : 0 });
  }
}

function operandsOf(effect: Effect): readonly NodeId[] {
  switch (effect.op) {
    case 'set': return [effect.value];
    case 'store': return [effect.access, effect.value];
    case 'setFlags': return flagOperands(effect.flags);
    case 'setFlagsIf': return [effect.condition, ...flagOperands(effect.then)];
  }
}
function flagOperands(effect: FlagsEffect): readonly NodeId[] {
  return [effect.a, ...('b' in effect ? [effect.b] : []), ...('carry' in effect ? [effect.carry] : [])];
}

function inputsOf(node: Node): readonly NodeId[] {
  switch (node.op) {
    case 'unary': case 'convert': case 'splat': case 'lane': return [node.a];
    case 'binary': case 'compare': case 'vector': case 'withLane': return [node.a, node.b];
    case 'select': return [node.condition, node.a, node.b];
    case 'access': return [node.address];
    case 'load': return [node.access];
    case 'require': return [node.condition];
    case 'helper': return node.args;
    default: return [];
  }
}

function countUses({ nodes, effects, end }: Template): readonly number[] {
  const uses = nodes.map(() => 0);
  const use = (id: NodeId): void => { uses[id]++; };
  for (const node of nodes) inputsOf(node).forEach(use);
  for (const effect of effects) operandsOf(effect).forEach(use);
  endOperands(end).forEach(use);
  return uses;
}

/** The nodes that an end needs. */
export function endOperands(end: Template['end']): readonly NodeId[] {
  switch (end.op) {
    case 'jumpIf': return [end.condition];
    case 'jumpTo': return [end.address];
    case 'raise': return end.args;
    default: return [];
  }
}
