import type { Scenario, Subject } from '../conformance/subject.ts';
import { CAUSE } from './guest.ts';
import { TOY_DEVICE, TOY_RAM, TOY_ROM } from './machine.ts';
import { R } from './semantics.ts';

const ORIGIN = 0x1000n;
const STRICT = 1 << 24;
const READ_ONLY = 1 << 25;
const ALIAS = 1 << 26;
const BEYOND = 1 << 27;

const hex = (value: number): string => `0x${value.toString(16)}`;
/** Loads a number of at most 32 bits. */
const li = (register: string, value: number): string =>
  `addi ${register}, r0, 0\nlui ${register}, ${hex(value & 0xffff)}, 0\nlui ${register}, ${hex(value >>> 16)}, 4`;

/** Points the vector at a handler that notes cause and return address in r10 and r11, and halts. */
const program = (...lines: readonly string[]): string =>
  [li('r1', 0x2000), 'setc vector, r1', ...lines, 'halt', '.org 0x2000', 'getc r10, cause', 'getc r11, epc', 'halt'].join('\n');
const PROLOGUE = 4 * 4;

/** The instruction at index n behind the prologue and one `li` faults; r10 and r11 tell. */
const faults = (cause: number, at: number): readonly [(typeof R)[number], bigint][] => [[R[10], BigInt(cause)], [R[11], BigInt(at)]];
const behindOneConstant = Number(ORIGIN) + PROLOGUE + 3 * 4;

const fill = (address: number, ...bytes: readonly number[]) => (subject: Subject): void => { subject.engine.memory.load(address, Uint8Array.from(bytes)); };

/** What the toy's manual says of exceptions, alignment, pages and devices. */
export const TOY_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a load that nothing translates faults and writes nothing', origin: ORIGIN, budget: 50,
    text: program(li('r2', BEYOND), 'ldu r3, 0(r2)'),
    expect: [...faults(CAUSE.data, behindOneConstant), [R[3], 0n], [R[2], BigInt(BEYOND)]],
  },
  {
    name: 'a store through a read-only alias faults, a load does not', origin: ORIGIN, budget: 50, prepare: fill(0x1_0000, 0x12),
    text: program(li('r2', READ_ONLY | 0x1_0000), 'ld.8.u.64 r3, 0(r2)', 'st.8 r0, 0(r2)'),
    expect: [...faults(CAUSE.data, behindOneConstant + 4), [R[3], 0x12n]],
  },
  {
    name: 'a jump to nowhere faults at its target', origin: ORIGIN, budget: 50,
    text: program(li('r2', BEYOND), 'br r2'),
    expect: faults(CAUSE.fetch, BEYOND),
  },
  {
    name: 'a jump to a device faults at its target', origin: ORIGIN, budget: 50,
    text: program(li('r2', TOY_DEVICE + 8), 'br r2'),
    expect: faults(CAUSE.fetch, TOY_DEVICE + 8),
  },
  {
    name: 'a jump to an odd address faults at its target', origin: ORIGIN, budget: 50,
    text: program(li('r2', 0x1002), 'br r2'),
    expect: faults(CAUSE.alignment, 0x1002),
  },
  {
    name: 'a fetch that runs into the end of memory faults there', origin: ORIGIN, budget: 50,
    text: program(li('r2', TOY_RAM - 4), 'br r2'),
    prepare: fill(TOY_RAM - 4, 0x7f, 0, 0, 0),
    expect: faults(CAUSE.fetch, TOY_RAM),
  },
  {
    name: 'straight code goes on in the next page', origin: ORIGIN, budget: 50,
    text: [li('r2', 0x1ffc), 'br r2', '.org 0x1ffc', 'addi r3, r3, 1', 'addi r3, r3, 2', 'halt'].join('\n'),
    expect: [[R[3], 3n]],
  },
  {
    name: 'an unaligned load reads across pages', origin: ORIGIN, budget: 50, prepare: fill(0x1_1000 - 3, 1, 2, 3, 4, 5, 6, 7, 8),
    text: program(li('r2', 0x1_1000 - 3), 'ld.64.u.64 r3, 0(r2)', 'ld.32.s.64 r4, 1(r2)', 'ld.16.u.32 r5, 2(r2)'),
    expect: [[R[3], 0x0102_0304_0506_0708n], [R[4], 0x0203_0405n], [R[5], 0x0304n]],
  },
  {
    name: 'an unaligned store writes across pages', origin: ORIGIN, budget: 50,
    text: program(li('r2', 0x1_1000 - 3), li('r3', 0x0102_0304), 'st.64 r3, 0(r2)', 'ld.32.u.64 r4, 3(r2)', 'ld.8.u.64 r5, 7(r2)'),
    expect: [[R[4], 0x0001_0203n], [R[5], 4n]],
  },
  {
    name: 'an unaligned load faults in a strict page', origin: ORIGIN, budget: 50,
    text: program(li('r2', STRICT | 0x1_0001), 'ld.8.u.64 r4, 0(r2)', 'ld.32.u.64 r3, 0(r2)'),
    expect: faults(CAUSE.alignment, behindOneConstant + 4),
  },
  {
    name: 'an unaligned swap faults everywhere', origin: ORIGIN, budget: 50,
    text: program(li('r2', 0x1_0004), 'swap r3, r4, (r2)'),
    expect: faults(CAUSE.alignment, behindOneConstant),
  },
  {
    name: 'a store half beyond memory writes nothing', origin: ORIGIN, budget: 50,
    text: program(li('r2', TOY_RAM - 4), 'addi r3, r0, -1', 'ld.32.u.64 r4, 0(r2)', 'st.64 r3, 0(r2)').replace('getc r11, epc', 'getc r11, epc\nld.32.u.64 r5, 0(r2)'),
    expect: [...faults(CAUSE.external, behindOneConstant + 8), [R[5], 0n]],
  },
  {
    name: 'code runs from ROM', origin: ORIGIN, budget: 50, prepare: fill(TOY_ROM, 0x01, 0x30, 0x00, 0x07, 0x73, 0, 0, 0),
    text: program(li('r2', TOY_ROM), 'br r2'),
    expect: [[R[3], 7n]],
  },
  {
    // The device counts reads in its low half: 16 for each, plus the offset.
    name: 'each device read happens once', origin: ORIGIN, budget: 2000,
    text: program(li('r2', TOY_DEVICE), 'addi r4, r0, 100', 'loop: ld.32.u.64 r3, 0(r2)', 'addi r4, r4, -1', 'bnz r4, loop', 'ld.32.u.64 r5, 4(r2)'),
    expect: [[R[3], swapped(1600)], [R[5], swapped(101 * 16 + 4)]],
  },
  {
    name: 'an alias reads what was written through another address', origin: ORIGIN, budget: 50,
    text: program(li('r2', 0x1_0000), li('r3', ALIAS | 0x1_0000), 'addi r4, r0, 0x77', 'st.64 r4, 0(r2)', 'ld.64.u.64 r5, 0(r3)'),
    expect: [[R[5], 0x77n]],
  },
  {
    name: 'code changed through an alias', origin: ORIGIN, budget: 500,
    text: program(li('r2', ALIAS | 0x1800), 'addi r4, r0, 20', 'loop: b far', 'back: addi r4, r4, -1', 'addi r5, r5, 1', 'st.8 r5, 3(r2)', 'bnz r4, loop', 'halt',
      '.org 0x1800', 'far: addi r3, r3, 0', 'b back'),
    // Rounds add 0, 1, … 19.
    expect: [[R[3], 190n]],
  },
  {
    name: 'an undefined word and a call note where to go on', origin: ORIGIN, budget: 50,
    text: program('.inst 0xff000000'),
    expect: faults(CAUSE.undefined, Number(ORIGIN) + PROLOGUE + 4),
  },
  {
    name: 'a call carries its number', origin: ORIGIN, budget: 50,
    text: program('syscall 0x1234'),
    expect: faults(CAUSE.syscall | (0x1234 << 8), Number(ORIGIN) + PROLOGUE + 4),
  },
  {
    // Ten instructions retire before the interrupt: seven that lead to the loop, three in it.
    name: 'an interrupt comes at its exact instruction', origin: ORIGIN, budget: 200,
    text: program('addi r2, r0, 10', 'setc alarm, r2', 'addi r3, r0, 1', 'setc status, r3', 'loop: addi r4, r4, 1', 'addi r4, r4, 1', 'b loop').replace('getc r11, epc', 'getc r11, epc\ngetc r12, count'),
    expect: [...faults(CAUSE.interrupt, Number(ORIGIN) + PROLOGUE + 4 * 6), [R[4], 2n], [R[12], 12n]],
  },
];

/** What holds where the engine's memory is the whole map. */
export const TOY_ENGINE_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a store to ROM is answered by nobody', origin: ORIGIN, budget: 50,
    text: program(li('r2', TOY_ROM), 'st.32 r2, 0(r2)'),
    expect: faults(CAUSE.external, behindOneConstant),
  },
];

/** What holds where a machine drives the toy: its map, its time. */
export const TOY_MACHINE_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a store to ROM is answered and changes nothing', origin: ORIGIN, budget: 50, prepare: fill(TOY_ROM, 1, 2, 3, 4),
    text: program(li('r2', TOY_ROM), 'st.32 r2, 0(r2)', 'ld.32.u.64 r3, 0(r2)'),
    expect: [[R[10], 0n], [R[3], 0x0102_0304n]],
  },
];

/** A device's little-endian register, as the big-endian toy sees it. */
function swapped(value: number): bigint {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return BigInt(view.getUint32(0, false));
}

