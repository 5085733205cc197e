/** Instances of system instructions: which registers and operations, with operands that leave the recorder standing. */
import type { Form } from './forms.ts';
import { holes, type Setup } from './memory.ts';
import type { Random } from './random.ts';
import { BUFFER, END_BY_BRK, OTHER_LEVEL, READ_ONLY, SLOT } from './state.ts';

type Encoding = readonly [op1: number, crn: number, crm: number, op2: number];

/** A word of the system space; `load` is bit 21. */
export function systemWord(op0: number, [op1, crn, crm, op2]: Encoding, load: number, rt: number): number {
  return (0xd5000000 | (load << 21) | (op0 << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5) | rt) >>> 0;
}

/** Registers of a state, with the bits an MSR may set; the others are RES0, read-only or depend on the model. */
const registers: readonly { readonly at: Encoding; readonly writable: bigint | 'read-only' }[] = [
  { at: [3, 4, 2, 0], writable: 0xf000_0000n }, // NZCV
  { at: [3, 4, 2, 1], writable: 0x3c0n }, // DAIF
  { at: [3, 4, 4, 0], writable: 0x07c0_0000n }, // FPCR: AHP, DN, FZ, RMode
  { at: [3, 4, 4, 1], writable: 0x0800_009fn }, // FPSR
  { at: [0, 4, 2, 0], writable: 1n }, // SPSel
  { at: [0, 4, 2, 2], writable: 0xffff_ffff_ffff_ffffn }, // CurrentEL, writes UNDEFINED
  { at: [0, 4, 2, 3], writable: 0x40_0000n }, // PAN
  { at: [0, 4, 2, 4], writable: 0x80_0000n }, // UAO
  { at: [3, 13, 0, 2], writable: 0xffff_ffff_ffff_ffffn }, // TPIDR_EL0
  { at: [3, 13, 0, 3], writable: 0xffff_ffff_ffff_ffffn }, // TPIDRRO_EL0
  { at: [0, 13, 0, 4], writable: 0xffff_ffff_ffff_ffffn }, // TPIDR_EL1
  { at: [0, 13, 0, 1], writable: 0xffff_ffffn }, // CONTEXTIDR_EL1
  { at: [0, 7, 4, 0], writable: 'read-only' }, // PAR_EL1: its fields depend on F
  { at: [0, 4, 1, 0], writable: 0xffff_ffff_ffff_ffffn }, // SP_EL0
  { at: [4, 4, 1, 0], writable: 0xffff_ffff_ffff_ffffn }, // SP_EL1
  { at: [0, 4, 0, 1], writable: 0xffff_ffff_ffff_ffffn }, // ELR_EL1
  { at: [0, 4, 0, 0], writable: 0xf0c0_03cfn }, // SPSR_EL1
];

const debugRegisters: readonly Encoding[] = [[0, 0, 0, 4], [0, 0, 0, 6]]; // DBGBVR0_EL1, DBGWVR0_EL1

/** Cache operations by address, DC ZVA last. */
const byAddress: readonly Encoding[] = [
  [0, 7, 6, 1], [3, 7, 10, 1], [3, 7, 11, 1], [3, 7, 12, 1], [3, 7, 14, 1], [3, 7, 5, 1], [3, 7, 4, 1],
];
const zeroByAddress: Encoding = [3, 7, 4, 1];
const bySetAndWay: readonly Encoding[] = [[0, 7, 6, 2], [0, 7, 10, 2], [0, 7, 14, 2]];
const withoutOperand: readonly Encoding[] = [
  [0, 7, 1, 0], [0, 7, 5, 0], [0, 8, 7, 0], [0, 8, 3, 0], [4, 8, 7, 0], [4, 8, 3, 0], [4, 8, 7, 4], [4, 8, 3, 4], [4, 8, 7, 6], [4, 8, 3, 6],
];
const tlbByAddress: readonly Encoding[] = [
  [0, 8, 7, 1], [0, 8, 3, 1], [0, 8, 7, 2], [0, 8, 3, 2], [0, 8, 7, 3], [0, 8, 3, 3], [0, 8, 7, 5], [0, 8, 3, 5], [0, 8, 7, 7], [0, 8, 3, 7],
  [4, 8, 7, 1], [4, 8, 3, 1], [4, 8, 7, 5], [4, 8, 3, 5], [4, 8, 4, 1], [4, 8, 0, 1], [4, 8, 4, 5], [4, 8, 0, 5],
];
const translate: readonly Encoding[] = [
  [0, 7, 8, 0], [0, 7, 8, 1], [0, 7, 8, 2], [0, 7, 8, 3], [0, 7, 9, 0], [0, 7, 9, 1],
  [4, 7, 8, 0], [4, 7, 8, 1], [4, 7, 8, 4], [4, 7, 8, 5], [4, 7, 8, 6], [4, 7, 8, 7],
];

/** Encodings that no feature of the recorded processors allocates; CRn 11 and 15 are left to implementations. */
function unallocated(op0: number, random: Random): Encoding {
  const op1 = op0 === 1 ? random.pick([1, 2, 5]) : op0 === 2 ? 7 : 2;
  return [op1, random.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14]), random.below(16), random.below(8)];
}

/** A word and its operands. */
export interface SystemInstance extends Setup {
  readonly word: number;
}

const anywhere = (random: Random): bigint => {
  const at = BUFFER + BigInt(random.below(512));
  return random.pick([at, at, at + READ_ONLY, at + OTHER_LEVEL, random.pick(holes)]);
};

function sys(random: Random): SystemInstance {
  const rt = random.below(31);
  const operand = (value: bigint): Setup => ({ set: { [`x${rt}`]: value } });
  const kind = random.below(16);
  if (kind < 4) {
    const operation = random.pick(byAddress);
    const address = operation === zeroByAddress ? anywhere(random) : BUFFER + BigInt(random.below(512));
    return { word: systemWord(1, operation, 0, rt), ...operand(address) };
  }
  if (kind < 10) return { word: systemWord(1, random.pick(translate), 0, rt), ...operand(anywhere(random)) };
  if (kind < 12) return { word: systemWord(1, random.pick(tlbByAddress), 0, rt), ...operand(random.wide()) };
  if (kind < 13) return { word: systemWord(1, random.pick(bySetAndWay), 0, rt), ...operand(0n) };
  if (kind < 14) return { word: systemWord(1, random.pick(withoutOperand), 0, 31), set: {} };
  return { word: systemWord(1, unallocated(1, random), random.below(2), rt), set: {} };
}

function debug(random: Random): SystemInstance {
  const rt = random.below(32);
  const set = rt === 31 ? {} : { [`x${rt}`]: BigInt(random.next() & 0x7ffffffc) << 16n };
  const at = random.oneIn(4) ? unallocated(2, random) : random.pick(debugRegisters);
  return { word: systemWord(2, at, random.below(2), rt), set };
}

function move(random: Random): SystemInstance {
  const rt = random.below(32);
  const load = random.below(2);
  if (random.oneIn(12)) return { word: systemWord(3, unallocated(3, random), load, rt), set: {} };
  const { at, writable } = random.pick(registers);
  if (writable === 'read-only') return { word: systemWord(3, at, 1, rt), set: {} };
  return { word: systemWord(3, at, load, rt), set: rt === 31 ? {} : { [`x${rt}`]: random.wide() & writable } };
}

/** A random instance of SYS/SYSL (87), debug register moves (88) or register moves (89); undefined for other forms. */
export function systemInstance(form: Form, random: Random): SystemInstance | undefined {
  return form.id === 87 ? sys(random) : form.id === 88 ? debug(random) : form.id === 89 ? move(random) : undefined;
}

/** A place to branch to: in the window, in a hole, not executable, or not a multiple of 4. */
export function branchTarget(random: Random): bigint {
  const inWindow = SLOT + BigInt((random.below(0x8000) + 0x5000) * 4);
  const kind = random.below(8);
  if (kind < 5) return inWindow;
  if (kind === 5) return random.pick(holes) & ~3n;
  if (kind === 6) return inWindow + random.pick([READ_ONLY, OTHER_LEVEL]);
  return inWindow + BigInt(random.below(3) + 1);
}

/** ERET: from EL1 by its own registers, from EL2 with ELR_EL2 set by a prelude and the PSTATE the case began with. */
export function exceptionReturn(mode: number, random: Random): Setup {
  const to = branchTarget(random);
  if (mode >= 8) return { set: { x9: to }, prelude: 0xd51c4029 };
  const legal = !random.oneIn(5);
  let spsr = BigInt(((random.next() & 0xf00003c0) | (legal ? random.pick([0, 4, 5]) : random.pick([1, 2, 9, 13]))) >>> 0);
  if (legal) spsr |= BigInt(random.below(4)) << 22n; // PAN, UAO: an illegal return leaves it open to QEMU which it copies
  if (random.oneIn(10)) spsr |= 1n << 20n;
  return { set: { elr_el1: to, spsr_el1: spsr, marker: BigInt(END_BY_BRK) } };
}
