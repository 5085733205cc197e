/**
 * The guest of the proofs where it has its CPU interface in hardware: it masks, acknowledges, is left with an interrupt in service, ends it,
 * and at last takes what is left by its handler. Its accesses are the same for both generations of the interface.
 */
import { GUEST } from './program.ts';

/** Where the guest finds a GICv2's. */
export const GUEST_INTERFACE = 0x0801_0000n;
/** What the VMM raises when it is asked, by the offset of the store that asks. Those from 44 up are edges, the others levels until it is asked to lower them. */
export const ASKED: Readonly<Record<number, readonly number[]>> = {
  // As many as there are list registers, for a guest that is done with all of them before it leaves.
  0x2c: [44, 45, 46, 47],
  // More than that, so that those that remain come when others are over.
  0x38: [40, 41, 42, 43, 44, 45],
  // One alone, which is in service across an exit.
  0x24: [49],
  // Group 0.
  0x28: [48],
};
export const isEdge = (id: number): boolean => id >= 44;
/** The group where it is not the one that guests of the version have. */
export const groupOf = (id: number): 0 | undefined => (id === 48 ? 0 : undefined);
/** The lower the number the more urgent. */
export const priorityOf = (id: number): number => 0x80 - 8 * (id - 40);
/** Asks for levels to be lowered. */
export const LOWER = 0x3c;

const keep = (register: string): string => `str ${register}, [x28], #8\n`;
const leave = (offset: number): string => `str w3, [x21, #${offset}]\n`;

interface Access {
  readonly read: (register: string, what: Name) => string;
  readonly write: (register: string, what: Name) => string;
}
type Name = 'mask' | 'enable' | 'point' | 'acknowledge' | 'end' | 'running' | 'next';


/** System registers (IHI 0069 12.2), group 1, or GICC by loads and stores (IHI 0048B 4.4), group 0. */
const REGISTERS: Readonly<Record<Name, string>> = {
  mask: 'ICC_PMR_EL1', enable: 'ICC_IGRPEN1_EL1', point: 'ICC_BPR1_EL1', acknowledge: 'ICC_IAR1_EL1', end: 'ICC_EOIR1_EL1', running: 'ICC_RPR_EL1', next: 'ICC_HPPIR1_EL1',
};
const OFFSETS: Readonly<Record<Name, number>> = { mask: 0x04, enable: 0x00, point: 0x08, acknowledge: 0x0c, end: 0x10, running: 0x14, next: 0x18 };
const ACCESS: Readonly<Record<'gicv2' | 'gicv3', Access>> = {
  gicv3: { read: (register, what) => `mrs ${register}, ${REGISTERS[what]}\n`, write: (register, what) => `msr ${REGISTERS[what]}, ${register}\n` },
  gicv2: {
    read: (register, what) => `ldr ${register.replace('x', 'w')}, [x23, #${OFFSETS[what]}]\n`, write: (register, what) => `str ${register.replace('x', 'w')}, [x23, #${OFFSETS[what]}]\n`,
  },
};

/** The handler: acknowledges, notes and ends. x16 and x17 are its own. */
export function interruptHandler(generation: 'gicv2' | 'gicv3'): string {
  const { read, write } = ACCESS[generation];
  return `${read('x16', 'acknowledge')}${keep('x16')}${write('x16', 'end')}`;
}

/** Ends by `off`. Interrupts are masked when it starts. */
export function interruptProgram(generation: 'gicv2' | 'gicv3', off: string): string {
  const { read, write } = ACCESS[generation];
  const look = (...names: readonly Name[]): string => names.map((name) => `${read('x3', name)}${keep('x3')}`).join('');
  const set = (value: number, name: Name): string => `mov x3, #${value}\n${write('x3', name)}`;
  const serve = `${read('x4', 'acknowledge')}${keep('x4')}${write('x4', 'end')}`;
  const isb = generation === 'gicv3' ? 'isb\n' : '';
  // Only system registers have the other group apart. Active across an exit.
  const other = generation === 'gicv3' ? `mov x3, #1\nmsr ICC_IGRPEN0_EL1, x3\n${leave(0x28)}mrs x4, ICC_IAR0_EL1\n${keep('x4')}${leave(0x34)}msr ICC_EOIR0_EL1, x4\nhvc #0\n` : '';
  return `${set(0xf0, 'mask')}${set(1, 'enable')}${set(3, 'point')}${isb}${leave(0x2c)}${serve}${serve}${serve}${serve}${leave(0x34)}${leave(0x38)}${look('next')}${read('x4', 'acknowledge')}${keep('x4')}hvc #0
${keep('x0')}${look('running', 'next', 'mask', 'point')}${set(0xc0, 'mask')}${leave(0x34)}${look('mask', 'enable', 'running')}${write('x4', 'end')}${set(4, 'point')}hvc #0
${look('running', 'point')}${read('x5', 'acknowledge')}${keep('x5')}${leave(0x34)}${write('x5', 'end')}${set(0xf0, 'mask')}${leave(LOWER)}msr daifclr, #2
nop
nop
hvc #0
nop
nop
msr daifset, #2
${leave(0x24)}${read('x4', 'acknowledge')}${keep('x4')}${leave(0x34)}${write('x4', 'end')}hvc #0
${other}${look('running', 'next', 'mask', 'point')}ldr x3, [x27, #8]
${keep('x3')}${off}`;
}

/** Registers that the program has beside those of the other one. */
export const INTERRUPT_POINTERS: Readonly<Record<string, bigint>> = { x23: GUEST_INTERFACE, x28: GUEST.dump };
