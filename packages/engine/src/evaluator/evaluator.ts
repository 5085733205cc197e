import type { ByteOrder } from '@worldswitch/bits';
import { CONDITIONS, type AccessShape, type Bound, type Effect, type Node, type NodeId, type Slot, type Template } from '../ir/types.ts';
import type { BoundInstruction } from '../ir/semantics.ts';
import { conditionHolds, effectFlags } from '../state/flags.ts';
import type { StateBlock } from '../state/block.ts';
import { binary, compare, laneOf, splat, unary, vector, withLane } from './arithmetic.ts';

/** A checked access: where its bytes lie, page by page. */
export interface CheckedAccess {
  readonly shape: AccessShape;
  read(offset: number, size: number): bigint;
  write(offset: number, size: number, value: bigint): void;
}

/** What the evaluator needs of the processor it runs on. */
export interface EvaluatorPort {
  readonly state: StateBlock;
  readonly order: ByteOrder;
  readonly pc: bigint;
  /** Checks an access; undefined where it faulted (the exception has been taken) or a watchpoint stopped it. */
  access(address: bigint, shape: AccessShape): CheckedAccess | undefined;
  /** Calls a helper; undefined where it took an exception. */
  helper(name: string, args: readonly bigint[]): bigint | undefined;
  raise(name: string, args: readonly bigint[]): void;
  /** A requirement that does not hold: may the instruction go on? False where it took an exception. */
  require(name: string): boolean;
}

/** `undefined`: the instruction was abandoned; otherwise the next program counter. */
export type Outcome = bigint | undefined;

const U64 = (1n << 64n) - 1n;

/**
 * Executes one instruction by walking its template, with bigints. The slowest of the three executions, and the one that
 * the others are compared with: it must be complete and obvious.
 */
export function evaluate(port: EvaluatorPort, { shape, values }: BoundInstruction): Outcome {
  const { nodes, effects, end } = shape.template;
  const results = new Array<bigint>(nodes.length);
  const accesses: CheckedAccess[] = [];
  for (let id = 0; id < nodes.length; id++) {
    const node = nodes[id];
    if (node.op === 'access') {
      const checked = port.access(results[node.address], node.shape);
      if (checked === undefined) return undefined;
      accesses[id] = checked;
    } else if (node.op === 'require') {
      if (results[node.condition] === 0n && !port.require(node.name)) return undefined;
    } else if (node.op === 'helper') {
      const result = port.helper(node.name, node.args.map((arg) => results[arg]));
      if (result === undefined) return undefined;
      results[id] = BigInt.asUintN(64, result);
    } else {
      results[id] = nodeValue(port, shape.template, node, results, values, accesses);
    }
  }
  if (end.op === 'raise') {
    port.raise(end.name, end.args.map((arg) => results[arg]));
    return undefined;
  }
  // A flag effect and a conditional end may both read the flags of before: `results` holds them already.
  for (const effect of effects) apply(port, effect, results, values, accesses);
  const offset = (index: number): bigint => (port.pc + BigInt(values[index] as number)) & U64;
  switch (end.op) {
    case 'jump': return offset(end.offset.index);
    case 'jumpIf': return results[end.condition] !== 0n ? offset(end.offset.index) : (port.pc + 4n) & U64;
    case 'jumpTo': return results[end.address];
    default: return (port.pc + 4n) & U64;
  }
}

const widthOf = (template: Template, id: NodeId): 32 | 64 => (template.nodes[id].type === 'i64' ? 64 : 32);
const slotOf = (slot: Slot | { readonly index: number }, values: readonly Bound[]): Slot => ('index' in slot ? (values[slot.index] as Slot) : slot);

function nodeValue(
  port: EvaluatorPort, template: Template, node: Node, results: readonly bigint[], values: readonly Bound[], accesses: readonly CheckedAccess[],
): bigint {
  switch (node.op) {
    case 'const': return BigInt.asUintN(node.type === 'i32' ? 32 : node.type === 'i64' ? 64 : 128, BigInt(node.value));
    case 'imm': return BigInt.asUintN(node.type === 'i64' ? 64 : 32, BigInt(values[node.hole.index] as number | bigint));
    case 'get': {
      const slot = slotOf(node.slot, values);
      if (node.type === 'v128') return port.state.getVector(slot);
      return node.type === 'i64' ? port.state.get(slot) : BigInt.asUintN(32, port.state.get(slot));
    }
    case 'pc': return port.pc;
    case 'unary': return unary(node.name, node.type === 'i64' ? 64 : 32, results[node.a]);
    case 'binary': return binary(node.name, node.type === 'i64' ? 64 : 32, results[node.a], results[node.b]);
    case 'compare': return compare(node.name, widthOf(template, node.a), results[node.a], results[node.b]) ? 1n : 0n;
    case 'convert': return node.name === 'extendS' ? BigInt.asUintN(64, BigInt.asIntN(32, results[node.a])) : BigInt.asUintN(32, results[node.a]);
    case 'select': return results[results[node.condition] !== 0n ? node.a : node.b];
    case 'condition': return conditionHolds(CONDITIONS.indexOf(node.condition), port.state.flags) ? 1n : 0n;
    case 'flags': return BigInt(port.state.flags);
    case 'vector': return vector(node.name, results[node.a], results[node.b]);
    case 'splat': return splat(node.lane, results[node.a]);
    case 'lane': return laneOf(node.lane, results[node.a], node.index, node.signed, node.type === 'i64' ? 64 : 32);
    case 'withLane': return withLane(node.lane, results[node.a], node.index, results[node.b]);
    case 'load': {
      const value = accesses[node.access].read(node.offset, node.size);
      if (!node.signed) return value;
      return BigInt.asUintN(node.type === 'i64' ? 64 : 32, BigInt.asIntN(node.size * 8, value));
    }
    case 'access':
    case 'require':
    case 'helper': throw new Error(`${node.op} is evaluated by its caller`);
  }
}

function apply(port: EvaluatorPort, effect: Effect, results: readonly bigint[], values: readonly Bound[], accesses: readonly CheckedAccess[]): void {
  switch (effect.op) {
    case 'set': {
      const slot = slotOf(effect.slot, values);
      if (slot.type === 'v128') port.state.setVector(slot, results[effect.value]);
      else port.state.set(slot, results[effect.value]);
      break;
    }
    case 'store':
      accesses[effect.access].write(effect.offset, effect.size, BigInt.asUintN(effect.size * 8, results[effect.value]));
      break;
    case 'setFlags':
      port.state.flags = effectFlags(effect.flags, (id) => results[id]);
      break;
    case 'setFlagsIf':
      port.state.flags = results[effect.condition] !== 0n ? effectFlags(effect.then, (id) => results[id]) : effect.otherwise;
  }
}
