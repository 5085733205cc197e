/**
 * A guest that tries every system register and system instruction at each level and setting of E2H and TGE, under trap controls: it
 * reads each register and writes back what it read, and notes which exception came of it, and where.
 */
import { hex } from '@worldswitch/bits';
import {
  LATER_REGISTERS, REGISTER_LIST, SYSTEM_INSTRUCTIONS, encodingOf, genericName, nameOf, packEncoding, unpackEncoding, type Direction, type RegisterName,
} from '@worldswitch/arm64-sysreg';

interface Item {
  readonly packed: number;
  readonly direction: Direction;
}

const readable: readonly Item[] = REGISTER_LIST.filter((r) => /RW|RO/.test(r.access)).map((r) => ({ packed: r.packed, direction: 'read' }));
const writable: readonly Item[] = REGISTER_LIST.filter((r) => /RW|WO/.test(r.access)).map((r) => ({ packed: r.packed, direction: 'write' }));
const writeOnly = new Set(REGISTER_LIST.filter((r) => !/RW|RO/.test(r.access)).map((r) => r.packed));
const instructions: readonly Item[] = Object.keys(SYSTEM_INSTRUCTIONS).map((n) => ({ packed: encodingOf(n), direction: 'write' }));
const later: readonly Item[] = [...new Set(Object.keys(LATER_REGISTERS).map(encodingOf))].map((packed) => ({ packed, direction: 'read' }));
const identification: readonly Item[] = Array.from({ length: 64 }, (_, i) => ({ packed: packEncoding(3, 0, 0, i >> 3, i & 7), direction: 'read' }));

/** Everything that is tried, in order. */
export const ITEMS: readonly Item[] = [...readable, ...writable, ...instructions, ...later, ...identification];
export const itemName = ({ packed, direction }: Item): string => nameOf(packed, direction);

/** Registers a setting gives a value to, in the order of {@link Setting.values}. */
export const CONTROLS = [
  'HCR_EL2', 'MDCR_EL2', 'CPTR_EL2', 'CNTHCTL_EL2', 'CNTKCTL_EL1', 'CPACR_EL1', 'SCTLR_EL1', 'SCTLR_EL2', 'PMUSERENR_EL0', 'MDSCR_EL1',
] as const satisfies readonly RegisterName[];

/** One walk. */
export interface Setting {
  readonly el: 0 | 1 | 2;
  readonly e2h: boolean;
  readonly tge: boolean;
  /** `none`: no access is trapped or disabled by a control; `all`: by all of them; `random`. */
  readonly traps: 'none' | 'all' | 'random';
  readonly values: readonly bigint[];
}

const bits = (...n: number[]): bigint => n.reduce((all, b) => all | (1n << BigInt(b)), 0n);
/** Level, E2H, TGE. EL1 does not exist while TGE is set. */
const MODES = [[2, 0, 0], [2, 0, 1], [2, 1, 0], [2, 1, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]] as const;

/** All modes without traps, with all, and `random` times with random ones. Nothing turns on translation, interrupts or debug exceptions. */
export function settings(random: number): Setting[] {
  let seed = 0x2545_f491_4f6c_dd1dn;
  const draw = (): bigint => {
    seed = (seed * 0x5851_f42d_4c95_7f2dn + 0x1405_7b7e_f767_814fn) & ((1n << 64n) - 1n);
    return ((seed >> 32n) | (seed << 32n)) & ((1n << 64n) - 1n);
  };
  const rounds: readonly Setting['traps'][] = ['none', 'all', ...Array.from({ length: random }, () => 'random' as const)];
  return rounds.flatMap((traps) => MODES.map(([el, e2h, tge]): Setting => {
    // A trap bit refuses, an enable bit permits.
    const trap = (mask: bigint): bigint => (traps === 'none' ? 0n : traps === 'all' ? mask : draw() & mask);
    const enable = (mask: bigint): bigint => (traps === 'none' ? mask : traps === 'all' ? 0n : draw() & mask);
    const hcr = bits(31) | BigInt(e2h) << 34n | BigInt(tge) << 27n | trap(bits(15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 28, 30, 35, 36));
    const cptr = e2h === 1 ? enable(bits(20, 21)) | trap(bits(28, 31)) : 0x33ffn | trap(bits(10, 20, 31));
    return {
      el, e2h: e2h === 1, tge: tge === 1, traps,
      values: [
        hcr, 6n | trap(bits(5, 6, 8, 9, 10, 11)), cptr, enable(bits(0, 1, 8, 9, 10, 11)), enable(bits(0, 1, 8, 9)), enable(bits(20, 21)) | trap(bits(28)),
        0x30d0_0800n | enable(bits(9, 14, 15, 26)), 0x30c5_0830n | enable(bits(14, 15, 26)), enable(15n), trap(bits(12)),
      ],
    };
  }));
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

/** The source, for `Guest`. It leaves a word for each setting and item: 0, or bits 63:60 the level an exception went to and ESR below. */
export function walkSource(list: readonly Setting[]): string {
  const write = (name: (typeof CONTROLS)[number]): string => `ldr x0, [x22, #${8 * CONTROLS.indexOf(name)}]\nmsr ${name}, x0`;
  const vectors = (handler: string): string => Array.from({ length: 16 }, (_, i) => `.balign 128\n${i % 4 === 0 ? `b ${handler}` : 'b .'}`).join('\n');
  return `
_start:
  ldr x0, =vectors2
  msr vbar_el2, x0
  ldr x0, =vectors1
  msr vbar_el1, x0
  ldr x21, =results
  ldr x22, =settings
  ldr x23, =${list.length}
  ldr x1, =scratch
next:
  mov x0, #0x80000000
  msr hcr_el2, x0
  isb
${(['MDCR_EL2', 'CNTKCTL_EL1', 'CPACR_EL1', 'SCTLR_EL1', 'PMUSERENR_EL0', 'MDSCR_EL1'] as const).map(write).join('\n')}
${write('HCR_EL2')}
  isb
${(['CPTR_EL2', 'CNTHCTL_EL2', 'SCTLR_EL2'] as const).map(write).join('\n')}
  isb
  ldr x25, [x22, #${8 * CONTROLS.length}]
  cmp x25, #2
  b.ne lower
  bl walk
done:
  add x22, x22, #${8 * (CONTROLS.length + 1)}
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
${ITEMS.map(attempt).join('\n')}
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
${list.map((s) => `.quad ${[...s.values, BigInt(s.el)].map((v) => hex(v)).join(', ')}`).join('\n')}
.bss
.balign 4096
scratch: .skip 4096
.section .guest
`;
}

/** Bits 24:14 of a data abort's ISS are valid at stage 2 only. */
const ISV_FIELDS = 0x1ff_c000n;

/** A word of the guest, for people. */
export function describeOutcome(word: bigint): string {
  if (word === 0n) return 'executes';
  if (word === SKIPPED) return 'not tried: unreadable';
  const ec = Number((word >> 26n) & 0x3fn);
  const iss = word & 0x1ff_ffffn & ~(ec === 0x25 || ec === 0x24 ? ISV_FIELDS : 0n);
  if (ec === 0 && iss === 0n) return `UNDEFINED, to EL${word >> 60n}`;
  return `EC ${hex(ec, 2)} to EL${word >> 60n}, ISS ${hex(iss)}`;
}

export function describeSetting({ el, e2h, tge, traps }: Setting): string {
  return `EL${el}${e2h ? ' E2H' : ''}${tge ? ' TGE' : ''}${traps === 'none' ? '' : `, ${traps} traps`}`;
}
