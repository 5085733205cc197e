/** Gives loads and stores an address: mostly the buffer, sometimes a view or a hole that faults. */
import { fieldsOf, type Form } from './forms.ts';
import type { Random } from './random.ts';
import { BUFFER, OTHER_LEVEL, READ_ONLY, WINDOW, type VectorState } from './state.ts';

/** What an instance needs besides its seed. */
export interface Setup {
  /** Values over the state of the seed: `x0`…, and the scalars of a state. */
  readonly set: Readonly<Record<string, bigint>>;
  /** A word that runs before the tested one; 0 for none. */
  readonly prelude?: number;
}

/** No instruction reaches further: four 16-byte registers. */
const REACH = 64;
const BUFFER_BYTES = 512;

/** Addresses without translation: no level 2, no level 1 entry, beyond the 39 bits of the lower and of the upper range. */
export const holes: readonly bigint[] = [WINDOW + 0x20_0040n, 0x20_0000_0000n, 0x8000_0000_0000n, 0xffff_8000_1234_5678n];

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
const signed = (value: number, width: number): number => (value >= 2 ** (width - 1) ? value - 2 ** width : value);

/** Name of the register that number 31 means as a base in a mode (M[3:0] of PSTATE). */
export function stackPointer(mode: number): 'sp_el0' | 'sp_el1' | 'sp_el2' {
  if ((mode & 1) === 0) return 'sp_el0';
  return mode === 9 ? 'sp_el2' : 'sp_el1';
}

type Fields = Readonly<Record<string, number>>;

/** Which kinds of access there are, by how they treat an unaligned address: no matter, not recorded, alignment fault, no reservation. */
type Kind = 'plain' | 'ordered' | 'atomic' | 'store-exclusive';

function kindOf(form: Form): Kind {
  if (form.id === 95 || form.id === 99) return 'store-exclusive';
  if (form.id === 248) return 'ordered'; // LDAPR
  // LDXR, STLR, LDAR; LDXP, CASP, CAS; LDADD to SWP; STLUR, LDAPUR.
  const ranges: readonly (readonly [number, number])[] = [[96, 98], [100, 102], [239, 247], [250, 256]];
  return ranges.some(([first, last]) => form.id >= first && form.id <= last) ? 'atomic' : 'plain';
}

/** Bytes of the whole access for the kinds that must be aligned. */
function aligned(form: Form, f: Fields): number {
  if (form.id === 99 || form.id === 100 || form.id === 101) return 8 << f['sz'];
  return 1 << f['sz'];
}

/** The constant part of the address behind the base. */
function displacement(form: Form, f: Fields): number {
  const post = f['p'] === 1 && f['w'] === 1;
  if (f['imm'] === undefined || post) return 0;
  if (form.id >= 110 && form.id <= 152) return signed(f['imm'], 7) * (1 << f['sz']);
  if (form.id >= 209 && form.id <= 223) return f['imm'] * (1 << f['sz']);
  return signed(f['imm'], 9);
}

function target(kind: Kind, size: number, reserved: boolean, random: Random): bigint {
  let offset = random.below(BUFFER_BYTES - REACH + 1);
  if (kind !== 'plain' && (kind !== 'atomic' || !random.oneIn(8))) offset -= offset % size;
  const plain = BUFFER + BigInt(offset);
  const where = random.below(16);
  if (kind === 'store-exclusive') return reserved && where === 0 ? plain + READ_ONLY : plain;
  if (where < 11) return plain;
  // Only an aligned access may go elsewhere: which of two faults comes first is another question.
  const even = kind === 'plain' ? plain : plain - (plain % BigInt(size));
  if (where < 13) return even + READ_ONLY;
  if (where < 15) return even + OTHER_LEVEL;
  const hole = random.pick(holes);
  return hole - (hole % 64n);
}

/** Offset register forms: picks the index and returns what it adds to the base. */
function indexed(f: Fields, size: number, random: Random, set: Record<string, bigint>): bigint {
  const shift = BigInt(f['s'] === 1 ? size : 0);
  if (f['rm'] === 31) return 0n;
  const value = random.oneIn(4) ? random.wide() : BigInt(random.below(1024) - 512);
  set[`x${f['rm']}`] = wrap(value);
  const low = BigInt.asUintN(32, value);
  const extended = f['opt'] === 2 ? low : f['opt'] === 6 ? BigInt.asIntN(32, value) : value;
  return extended << shift;
}

/** LDXR or LDXP of the same size at the same base, into a register that the word does not use. */
function reservation(form: Form, f: Fields): number {
  if (form.id === 95) return (0x085f7c1f | (f['sz'] << 30) | (f['rn'] << 5)) >>> 0;
  const used = [f['rn'], f['rs'], f['rt'], f['rt2']];
  const free = [1, 2, 3, 4, 5].find((register) => !used.includes(register));
  return (0x887f001f | (f['sz'] << 30) | ((free ?? 6) << 10) | (f['rn'] << 5)) >>> 0;
}

/** For a compare and swap that shall succeed: Rs as memory has it, with other bits above. */
function comparand(form: Form, f: Fields, at: bigint, state: VectorState, random: Random, set: Record<string, bigint>): void {
  const offset = Number(at - BUFFER);
  if (offset < 0 || offset > BUFFER_BYTES - REACH) return;
  const bytes = form.id === 101 ? 4 << f['sz'] : 1 << f['sz'];
  for (let half = 0; half < (form.id === 101 ? 2 : 1); half++) {
    const register = f['rs'] + half;
    if (register > 30 || register === f['rn']) continue;
    let value = random.wide();
    for (let byte = 0; byte < bytes; byte++) {
      const position = BigInt(byte * 8);
      value = (value & ~(0xffn << position)) | (BigInt(state.data[offset + half * bytes + byte]) << position);
    }
    set[`x${register}`] = wrap(value);
  }
}

/** Points the base of a load or store somewhere. `state` is that of the seed, `mode` M[3:0]. */
export function reach(form: Form, word: number, mode: number, state: VectorState, random: Random): Setup {
  const f = fieldsOf(form, word);
  // Prefetches take any address and never fault; literals have their address in the word.
  if (f['rn'] === undefined) return { set: {} };
  const kind = kindOf(form);
  const size = kind === 'plain' ? 1 : aligned(form, f);
  const reserve = kind === 'store-exclusive' && !random.oneIn(3);
  const at = target(kind, size, reserve, random);
  const set: Record<string, bigint> = {};
  const base = f['rn'] === 31 ? stackPointer(mode) : `x${f['rn']}`;
  if ((form.id === 101 || form.id === 102) && random.oneIn(2)) comparand(form, f, at, state, random, set);
  if (f['opt'] === undefined) {
    set[base] = wrap(at - BigInt(displacement(form, f)));
  } else if (f['rm'] === f['rn'] && f['rm'] !== 31) {
    // One register is base and index: halves add up where nothing is shifted or extended, elsewhere the sum is unmapped.
    set[base] = at >> 1n;
  } else {
    set[base] = wrap(at - indexed(f, f['sz'], random, set));
  }
  return reserve ? { set, prelude: reservation(form, f) } : { set };
}
