/** What kind of operation an instruction is to the profiler: the Operation Type packet and the type filter (DDI 0487 D15, SPEConstructClass). */
import { A64 } from '../../instructions.ts';

export interface Operation {
  readonly class: 'other' | 'load-store' | 'branch';
  /** The payload of the Operation Type packet. */
  readonly subclass: number;
  /** For the filter: an atomic that returns a value is both. */
  readonly load: boolean;
  readonly store: boolean;
  readonly conditional: boolean;
}

/** Reads the state before the instruction, to tell whether its condition holds. */
export interface ConditionPort {
  /** N 8, Z 4, C 2, V 1. */
  readonly flags: number;
  /** X<n>, 0 for n = 31. */
  general(n: number): bigint;
}

const OTHER: Operation = { class: 'other', subclass: 0, load: false, store: false, conditional: false };
const CONDITIONAL_OTHER = /^(CSEL|CSINC|CSINV|CSNEG|CC(MN|MP)_(reg|imm))$/;
const DIRECT = /^(B|BL)$/;
const DIRECT_CONDITIONAL = /^(B_cond|CBN?Z|TBN?Z)$/;
const INDIRECT = /^(BR|BLR|RET|ERET)$/;
const ATOMIC = /^(LD(ADD|CLR|EOR|SET|[SU]M(AX|IN))|SWP|CASP?)[BH]?$/;
/** Named by their mnemonics; those of memory reads that are hints (PRFM) are not among them. */
const MEMORY = /^(LD|ST)/;
const EXCLUSIVE = /^(LD|ST)A?L?X/;
const ORDERED = /^(LDAX|STLX|LDAR|STLR|LDLAR|STLLR|LDAP|STLUR)/;
const SIMD = /(_fp|_q)(_|$)|^(LD|ST)[1-4]/;

const BRANCH = { conditional: 1, indirect: 2 } as const;
const MEMORY_OP = { store: 1, extended: 2, simd: 4, atomic: 4, exclusive: 8, ordered: 16 } as const;

type Operands = Readonly<Record<string, number>>;

/** Of an undefined word too: it is the operation that raised the exception. */
export function operationOf(word: number): Operation {
  const found = A64.decoder.decode(word);
  if (found === undefined) return OTHER;
  const { id } = found;
  const operands: Operands = found.operands;
  if (CONDITIONAL_OTHER.test(id)) return { ...OTHER, subclass: 1, conditional: true };
  if (DIRECT.test(id)) return branch(0, false);
  if (DIRECT_CONDITIONAL.test(id)) return branch(BRANCH.conditional, true);
  if (INDIRECT.test(id)) return branch(BRANCH.indirect, false);
  return ATOMIC.test(id) ? atomic(id, operands) : MEMORY.test(id) ? memory(id) : OTHER;
}
const branch = (subclass: number, conditional: boolean): Operation => ({ class: 'branch', subclass, load: false, store: false, conditional });

function atomic(id: string, { a, r, rt }: Operands): Operation {
  // STADD and the like are the forms without a result; CAS and SWP always have one.
  const noResult = id.startsWith('LD') && rt === 31 && a === 0;
  const ordered = a === 1 || r === 1 ? MEMORY_OP.ordered : 0;
  const subclass = MEMORY_OP.extended | MEMORY_OP.atomic | ordered | (noResult ? MEMORY_OP.store : 0);
  return { class: 'load-store', subclass, load: !noResult, store: true, conditional: false };
}
function memory(id: string): Operation {
  const store = id.startsWith('ST');
  const extended = (EXCLUSIVE.test(id) ? MEMORY_OP.exclusive : 0) | (ORDERED.test(id) ? MEMORY_OP.ordered : 0);
  const kind = extended !== 0 ? extended | MEMORY_OP.extended : SIMD.test(id) ? MEMORY_OP.simd : 0;
  return { class: 'load-store', subclass: kind | (store ? MEMORY_OP.store : 0), load: !store, store, conditional: false };
}

/** Whether a conditional instruction's condition holds in the state before it: a branch is taken, a select takes its first operand. */
export function conditionPasses(word: number, port: ConditionPort): boolean {
  const found = A64.decoder.decode(word);
  if (found === undefined) return true;
  const operands: Operands = found.operands;
  const value = (): bigint => (operands['sf'] === 0 ? BigInt.asUintN(32, port.general(operands['rt'])) : port.general(operands['rt']));
  const bit = (): boolean => ((port.general(operands['rt']) >> BigInt(operands['b5'] * 32 + operands['b40'])) & 1n) !== 0n;
  switch (found.id) {
    case 'CBZ': return value() === 0n;
    case 'CBNZ': return value() !== 0n;
    case 'TBZ': return !bit();
    case 'TBNZ': return bit();
    default: return operands['cond'] === undefined || conditionHolds(operands['cond'], port.flags);
  }
}

/** `ConditionHolds` (DDI 0487 J1): bit 0 inverts, but for 15. */
function conditionHolds(condition: number, flags: number): boolean {
  const [n, z, c, v] = [8, 4, 2, 1].map((flag) => (flags & flag) !== 0);
  const holds = [z, c, n, v, c && !z, n === v, n === v && !z, true][condition >> 1];
  return (condition & 1) === 1 && condition !== 15 ? !holds : holds;
}
