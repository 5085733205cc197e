/**
 * A guest that tries every system register and system instruction at each level and setting of E2H and TGE, under trap controls: it
 * reads each register and writes back what it read, and notes which exception came of it, and where.
 */
import { hex } from '@worldswitch/bits';
import {
  LATER_REGISTERS, REGISTER_LIST, SYSTEM_INSTRUCTIONS, encodingOf, genericName, packEncoding, unpackEncoding, type Direction, type RegisterName,
} from '@worldswitch/arm64-sysreg';

/** One try. */
export interface Item {
  readonly packed: number;
  readonly direction: Direction;
}

const readable: readonly Item[] = REGISTER_LIST.filter((r) => /RW|RO/.test(r.access)).map((r) => ({ packed: r.packed, direction: 'read' }));
const writable: readonly Item[] = REGISTER_LIST.filter((r) => /RW|WO/.test(r.access)).map((r) => ({ packed: r.packed, direction: 'write' }));
const writeOnly = new Set(REGISTER_LIST.filter((r) => !/RW|RO/.test(r.access)).map((r) => r.packed));
const instructions: readonly Item[] = Object.keys(SYSTEM_INSTRUCTIONS).map((n) => ({ packed: encodingOf(n), direction: 'write' }));
const later: readonly Item[] = [...new Set(Object.keys(LATER_REGISTERS).map(encodingOf))].map((packed) => ({ packed, direction: 'read' }));
const identification: readonly Item[] = Array.from({ length: 64 }, (_, i) => ({ packed: packEncoding(3, 0, 0, i >> 3, i & 7), direction: 'read' }));

/** Every register both ways, every system instruction, registers of later extensions, the space of identification registers. */
export const WALK_ITEMS: readonly Item[] = [...readable, ...writable, ...instructions, ...later, ...identification];

/** One walk over all items. */
export interface WalkSetting {
  readonly el: 0 | 1 | 2;
  readonly e2h: boolean;
  readonly tge: boolean;
  /** In the order of the walk's controls. Nothing may turn on translation, interrupts or debug exceptions. */
  readonly values: readonly bigint[];
}

/** What is walked, and how. */
export interface Walk {
  readonly items: readonly Item[];
  /** Registers a setting gives a value to; HCR_EL2, CPTR_EL2, CNTHCTL_EL2 and SCTLR_EL2 are among them. */
  readonly controls: readonly RegisterName[];
  readonly settings: readonly WalkSetting[];
  /** Instructions at EL2 before each setting; x0 is free. */
  readonly prepare?: string;
}

/** A value with these bits set. */
export const bits = (...n: number[]): bigint => n.reduce((all, b) => all | (1n << BigInt(b)), 0n);

/** Random 64-bit values, the same ones for each caller. */
export function draws(): () => bigint {
  let seed = 0x2545_f491_4f6c_dd1dn;
  return () => {
    seed = (seed * 0x5851_f42d_4c95_7f2dn + 0x1405_7b7e_f767_814fn) & ((1n << 64n) - 1n);
    return ((seed >> 32n) | (seed << 32n)) & ((1n << 64n) - 1n);
  };
}

/** What the guest notes for a write it did not try, because the register could not be read there. */
export const SKIPPED = (1n << 64n) - 1n;

/** One try: x0 takes a read, x1 is the address of scratch memory, x20 what an exception reports. */
function attempt({ packed, direction }: Item): string {
  const [op0, op1, crn, crm, op2] = unpackEncoding(packed);
  const name = genericName(packed);
  const store = '  str x20, [x21], #8';
  if (op0 === 1) return `  mov x20, xzr\n  sys #${op1}, C${crn}, C${crm}, #${op2}, x1\n${store}`;
  if (direction === 'read') return `  mov x20, xzr\n  mrs x0, ${name}\n${store}`;
  if (writeOnly.has(packed)) return `  mov x20, xzr\n  mov x0, xzr\n  msr ${name}, x0\n${store}`;
  return `  mov x20, xzr\n  mrs x0, ${name}\n  cbz x20, 1f\n  mov x20, #-1\n  b 2f\n1: msr ${name}, x0\n2:\n${store}`;
}

/** These take their meaning from HCR_EL2.E2H, or act on EL2 itself, so they come behind it. */
const AFTER_HCR: readonly RegisterName[] = ['CPTR_EL2', 'CNTHCTL_EL2', 'SCTLR_EL2'];

/** Bytes that the results of a walk need. */
export const walkBytes = ({ items, settings }: Walk): number => 8 * items.length * settings.length + 64;

/** The source, for `AssembledGuest`. It leaves a word for each setting and item: 0, or bits 63:60 the level an exception went to and ESR below. */
export function walkSource({ items, controls, settings, prepare = '' }: Walk): string {
  const write = (name: RegisterName): string => `ldr x0, [x22, #${8 * controls.indexOf(name)}]\nmsr ${genericName(encodingOf(name))}, x0`;
  const vectors = (handler: string): string => Array.from({ length: 16 }, (_, i) => `.balign 128\n${i % 4 === 0 ? `b ${handler}` : 'b .'}`).join('\n');
  return `
_start:
  ldr x0, =vectors2
  msr vbar_el2, x0
  ldr x0, =vectors1
  msr vbar_el1, x0
  ldr x21, =results
  ldr x22, =settings
  ldr x23, =${settings.length}
  ldr x1, =scratch
next:
  mov x0, #0x80000000
  msr hcr_el2, x0
  isb
${prepare}
${controls.filter((name) => name !== 'HCR_EL2' && !AFTER_HCR.includes(name)).map(write).join('\n')}
${write('HCR_EL2')}
  isb
${AFTER_HCR.map(write).join('\n')}
  isb
  ldr x25, [x22, #${8 * controls.length}]
  cmp x25, #2
  b.ne lower
  bl walk
done:
  add x22, x22, #${8 * (controls.length + 1)}
  subs x23, x23, #1
  b.ne next
  mov x0, #0x80000000
  msr hcr_el2, x0
  isb
  b finish
lower:
  ldr x0, =walk
  msr elr_el2, x0
  mov x0, #0x3c5
  cbnz x25, enter
  mov x0, #0x3c0
enter:
  msr spsr_el2, x0
  isb
  eret
.ltorg
walk:
${items.map(attempt).join('\n')}
  cmp x25, #1
  b.hi finished
  b.eq 1f
  svc #0
1: hvc #1
finished:
  ret
handler2:
  mrs x16, esr_el2
  lsr x17, x16, #26
  cmp x17, #0x15
  b.eq done
  cmp x17, #0x16
  b.eq call
  orr x20, x16, #(2 << 60)
  mrs x17, elr_el2
  add x17, x17, #4
  msr elr_el2, x17
  eret
call: // hvc #1: finished; hvc #2: what did EL1 take?
  tbnz x16, #0, done
  mrs x16, hcr_el2
  tbz x16, #34, 1f
  mrs x16, S3_5_C5_C2_0
  b 2f
1: mrs x16, esr_el1
2: lsr x17, x16, #26
  cmp x17, #0x15
  b.eq done
  orr x20, x16, #(1 << 60)
  eret
handler1: // ESR_EL1 may itself be trapped at EL1, so EL2 reads it
  hvc #2
  mrs x17, elr_el1
  add x17, x17, #4
  msr elr_el1, x17
  eret
.ltorg
.balign 2048
vectors1:
${vectors('handler1')}
.balign 2048
vectors2:
${vectors('handler2')}
.balign 8
settings:
${settings.map((s) => `.quad ${[...s.values, BigInt(s.el)].map((v) => hex(v)).join(', ')}`).join('\n')}
.bss
.balign 4096
scratch: .skip 4096
.section .guest
`;
}

