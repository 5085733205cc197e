/**
 * A guest that runs small pieces of code under the debug facility of the architecture and writes down every exception: where it went,
 * ESR, FAR, ELR, SPSR. EL1 and EL0 translate, so that memory is Normal; EL0 sees everything 1 GiB higher.
 */

/** One piece of code and how it is debugged. x0 to x15 are its own; x10 points at 256 bytes of data, 64-byte aligned. */
export interface Scenario {
  readonly name: string;
  readonly el: 0 | 1;
  /** Where debug exceptions go: 2 sets MDCR_EL2.TDE. */
  readonly to: 1 | 2;
  readonly code: string;
  /** MDSCR_EL1.SS, and how many step exceptions are taken before it is cleared. */
  readonly steps?: number;
  /** DBGBCR0_EL1; the breakpoint is at the label `1` of the code. */
  readonly breakpoint?: number;
  /** DBGWCR0_EL1, and the offset from x10 of DBGWVR0_EL1. */
  readonly watchpoint?: { readonly control: number; readonly at: number };
  /** Clear MDSCR_EL1.KDE: no debug of EL1 at EL1. */
  readonly noKernelDebug?: boolean;
  /** PSTATE.D is set at the start. */
  readonly masked?: boolean;
}

/** One exception. */
export interface Taken {
  /** 0x1000 (EL1) or 0x2000 (EL2) plus the offset in the vector table. */
  readonly vector: bigint;
  readonly esr: bigint;
  readonly far: bigint;
  readonly elr: bigint;
  readonly spsr: bigint;
}

/** DBGBCR: address match of four bytes, enabled, for EL0 (PMC 2) or EL1 (PMC 1). */
const address = (el: 0 | 1): number => 0x1e1 | ((el === 0 ? 2 : 1) << 1);
/** DBGWCR: byte select, access (1 load, 2 store, 3 both), MASK; for EL1 and EL0. */
const watch = (bas: number, access: 1 | 2 | 3, mask = 0): number => 1 | (3 << 1) | (access << 3) | (bas << 5) | (mask << 24);

const levels = [[0, 1], [1, 1], [0, 2], [1, 2]] as const;
const everywhere = (name: string, make: (el: 0 | 1, to: 1 | 2) => Omit<Scenario, 'name' | 'el' | 'to'>): Scenario[] =>
  levels.map(([el, to]) => ({ name: `${name}, EL${el} by EL${to}`, el, to, ...make(el, to) }));

/** The address is in x10 and stays there; each access has a name of its own, to tell which one hit. */
const ACCESSES: Readonly<Record<string, string>> = {
  'ldr x': 'ldr x0, [x10, #8]', 'ldr w': 'ldr w0, [x10, #12]', 'ldrb': 'ldrb w0, [x10, #11]', 'ldrsh': 'ldrsh x0, [x10, #10]', 'ldp': 'ldp x0, x1, [x10]',
  'ldp behind': 'ldp x0, x1, [x10, #16]', 'ldr unaligned': 'ldr x0, [x10, #3]', 'ldr unaligned over the end': 'ldr x0, [x10, #13]',
  'ldr q': 'ldr q0, [x10]', 'ldxr': 'add x1, x10, #8\nldxr x0, [x1]', 'str x': 'str x0, [x10, #8]', 'strb': 'strb w0, [x10, #9]', 'stp': 'stp x0, x1, [x10, #8]',
  'str unaligned': 'str w0, [x10, #6]', 'str with write-back': 'mov x1, x10\nstr x0, [x1, #8]!', 'stxr': 'add x1, x10, #8\nldxr x0, [x1]\nstxr w2, x0, [x1]', 'ldadd': 'add x1, x10, #8\nldadd x0, x2, [x1]',
  'swp': 'add x1, x10, #8\nswp x0, x2, [x1]', 'cas that fails': 'add x1, x10, #8\nmov x2, #77\ncas x2, x0, [x1]', 'prfm': 'prfm pldl1keep, [x10, #8]', 'ldtr': 'ldtr x0, [x10, #8]',
  'dc civac': 'add x1, x10, #8\ndc civac, x1', 'dc zva': 'dc zva, x10', 'other word': 'ldr x0, [x10, #24]\nstr x0, [x10, #32]',
};
const accesses = Object.values(ACCESSES).join('\n');

export const SCENARIOS: readonly Scenario[] = [
  ...everywhere('breakpoint', (el) => ({ breakpoint: address(el), code: 'mov x0, #1\n1: mov x0, #2\nmov x0, #3' })),
  ...everywhere('breakpoint of another level', (el) => ({ breakpoint: address(el === 0 ? 1 : 0), code: '1: nop' })),
  ...everywhere('breakpoint on a branch target', (el) => ({ breakpoint: address(el), code: 'mov x0, #3\n2: subs x0, x0, #1\n1: b.ne 2b' })),
  { name: 'breakpoint with KDE clear', el: 1, to: 1, noKernelDebug: true, breakpoint: address(1), code: '1: nop' },
  { name: 'breakpoint with PSTATE.D', el: 1, to: 1, masked: true, breakpoint: address(1), code: '1: nop\nmsr daifclr, #8\nnop' },
  { name: 'breakpoint with PSTATE.D, by EL2', el: 1, to: 2, masked: true, breakpoint: address(1), code: '1: nop' },
  ...everywhere('brk', () => ({ code: 'brk #0x1234\nbrk #0' })),
  ...everywhere('watchpoint on loads', () => ({ watchpoint: { control: watch(0xff, 1), at: 8 }, code: accesses })),
  ...everywhere('watchpoint on stores', () => ({ watchpoint: { control: watch(0xff, 2), at: 8 }, code: accesses })),
  ...everywhere('watchpoint on both, some bytes', () => ({ watchpoint: { control: watch(0x0c, 3), at: 8 }, code: accesses })),
  ...everywhere('watchpoint on a range', () => ({ watchpoint: { control: watch(0xff, 3, 5), at: 0 }, code: accesses })),
  { name: 'watchpoint of EL0 and unprivileged loads', el: 1, to: 2, watchpoint: { control: watch(0xff, 3) & ~2, at: 8 }, code: 'ldr x0, [x10, #8]\nldtr x0, [x10, #8]' },
  { name: 'watchpoint with KDE clear', el: 1, to: 1, noKernelDebug: true, watchpoint: { control: watch(0xff, 3), at: 8 }, code: 'ldr x0, [x10, #8]' },
  ...everywhere('steps', () => ({ steps: 6, code: 'mov x0, #1\nadd x0, x0, #1\nstr x0, [x10]\ncbnz x0, 1f\nnop\n1: ldr x1, [x10]\nnop\nnop' })),
  ...everywhere('steps through exclusives', () => ({ steps: 6, code: 'ldxr x0, [x10]\nstxr w1, x0, [x10]\nldaxr w0, [x10]\nclrex\nldxp x0, x1, [x10]\nnop\nnop' })),
  ...everywhere('steps through svc', () => ({ steps: 5, code: 'nop\nsvc #1\nnop\nnop\nnop\nnop' })),
  ...everywhere('steps through brk', () => ({ steps: 5, code: 'nop\nbrk #7\nnop\nnop\nnop\nnop' })),
  ...everywhere('steps through an undefined word', () => ({ steps: 5, code: 'nop\n.inst 0\nnop\nnop\nnop\nnop' })),
  ...everywhere('steps through an abort', () => ({ steps: 5, code: 'mov x0, #0x1000\nldr x0, [x0]\nnop\nnop\nnop\nnop' })),
  ...everywhere('steps through a breakpoint', (el) => ({ steps: 5, breakpoint: address(el), code: 'nop\nnop\n1: nop\nnop\nnop\nnop' })),
  ...everywhere('steps through a watchpoint', () => ({ steps: 5, watchpoint: { control: watch(0xff, 3), at: 8 }, code: 'nop\nldr x0, [x10, #8]\nnop\nnop\nnop' })),
  ...everywhere('steps through wfi and hints', () => ({ steps: 6, code: 'nop\nwfi\nyield\nisb\ndsb sy\nsev\nwfe\nnop\nnop' })),
  { name: 'steps through hvc', el: 1, to: 2, steps: 5, code: 'nop\nhvc #1\nnop\nnop\nnop\nnop' },
  { name: 'steps through hvc, by EL1', el: 1, to: 1, steps: 5, code: 'nop\nhvc #1\nnop\nnop\nnop\nnop' },
  { name: 'steps through eret to EL1', el: 1, to: 2, steps: 8, code: 'adr x0, 1f\nmsr elr_el1, x0\nmov x0, #0x1c5\nmsr spsr_el1, x0\neret\nnop\n1: nop\nnop\nnop' },
  { name: 'steps through eret with SS', el: 1, to: 2, steps: 9, code: 'adr x0, 1f\nmsr elr_el1, x0\nmov x0, #0x1c5\nmovk x0, #0x20, lsl #16\nmsr spsr_el1, x0\neret\nnop\n1: nop\nnop\nnop' },
  { name: 'steps through illegal eret', el: 1, to: 2, steps: 6, code: 'adr x0, 1f\nmsr elr_el1, x0\nmov x0, #0x1c9\nmsr spsr_el1, x0\neret\n1: nop\nnop\nnop' },
  { name: 'steps that PSTATE.D ends', el: 1, to: 1, steps: 8, code: 'nop\nmsr daifset, #8\nnop\nnop\nmsr daifclr, #8\nnop\nnop\nnop' },
  { name: 'steps that begin by a register', el: 1, to: 2, code: 'mrs x0, mdscr_el1\norr x0, x0, #1\nmsr mdscr_el1, x0\nisb\nnop\nnop', steps: 0 },
  { name: 'steps with KDE clear', el: 1, to: 1, noKernelDebug: true, steps: 3, code: 'nop\nnop\nnop' },
];

/** Words a scenario is described by. */
const FIELDS = 10;
/** Written before the records of a scenario. */
const MARK = 0x5ce9_a810_0000_0000n;
/** From an address of EL1 to the same of EL0. */
export const EL0_OFFSET = 0x4000_0000;
const MDSCR = { SS: 1, KDE: 1 << 13, MDE: 1 << 15 } as const;

/** One level's exception handler: writes the record, then does what lets the scenario go on. */
function handler(el: 1 | 2): string {
  const of = (name: string): string => `${name}_el${el}`;
  const vectors = Array.from({ length: 16 }, (_, n) => `.balign 128\nmov x19, #${el * 0x1000 + n * 0x80}\nb taken${el}`).join('\n');
  return `
.balign 2048
vectors${el}:
${vectors}
taken${el}:
  mrs x16, ${of('esr')}
  stp x19, x16, [x21], #16
  mrs x17, ${of('far')}
  mrs x18, ${of('elr')}
  stp x17, x18, [x21], #16
  mrs x17, ${of('spsr')}
  str x17, [x21], #8
  ubfx x18, x16, #27, #5     // the class without its lowest bit, which says from which level
  cmp x18, #(0x32 >> 1)
  b.eq step${el}
  cmp x18, #(0x30 >> 1)
  b.eq breakpoint${el}
  cmp x18, #(0x15 >> 1)
  b.eq call${el}
  cmp x18, #(0x16 >> 1)
  b.eq call${el}
  bic x17, x17, #(1 << 20)   // IL
  msr ${of('spsr')}, x17
  mrs x18, ${of('elr')}
  add x18, x18, #4
  msr ${of('elr')}, x18
  eret
step${el}:
  subs x24, x24, #1
  b.le stop${el}
  orr x17, x17, #(1 << 21)
  msr ${of('spsr')}, x17
  eret
stop${el}:
  mrs x18, mdscr_el1
  bic x18, x18, #1
  msr mdscr_el1, x18
  isb
  eret
breakpoint${el}:
  msr dbgbcr0_el1, xzr
  isb
  eret
call${el}: // the class is that of SVC or HVC; #255 ends the scenario
  and x18, x16, #0xffff
  cmp x18, #255
  b.eq end${el}
  eret
end${el}:
  ${el === 1 ? 'hvc #255' : 'b next'}
`;
}

/** The source of the guest, for `Guest`, and how many bytes its results can take. */
export function debugSource(scenarios: readonly Scenario[]): { readonly source: string; readonly bytes: number } {
  const codes = scenarios.map(({ code, el }, n) => `.balign 64\nscenario${n}:\n${code}\n${el === 0 ? 'svc #255' : 'hvc #255'}\n.inst 0\n`
    .replace(/^1: ?/m, `1: target${n}:\n`)).join('\n');
  const table = scenarios.map((s, n) => {
    const offset = s.el === 0 ? EL0_OFFSET : 0;
    const mdscr = MDSCR.MDE | (s.noKernelDebug === true ? 0 : MDSCR.KDE) | ((s.steps ?? 0) > 0 ? MDSCR.SS : 0);
    const spsr = 0x1c0 | (s.masked === true ? 0x200 : 0) | (s.el === 0 ? 0 : 5) | ((s.steps ?? 0) > 0 ? 1 << 21 : 0);
    const words = [
      `scenario${n} + ${offset}`, spsr, s.to === 2 ? 0x106 : 6, mdscr, s.breakpoint ?? 0, s.breakpoint === undefined ? 0 : `target${n} + ${offset}`,
      s.watchpoint?.control ?? 0, `data + ${offset + (s.watchpoint?.at ?? 0)}`, s.steps ?? 0, `data + ${offset}`,
    ];
    return `.quad ${words.join(', ')}`;
  }).join('\n');
  const load = (field: number, register: string): string => `ldr x0, [x22, #${field * 8}]\nmsr ${register}, x0`;
  const source = `
_start:
  ldr x0, =vectors2
  msr vbar_el2, x0
  ldr x0, =vectors1
  msr vbar_el1, x0
  mov x0, #0x33ff
  msr cptr_el2, x0
  mov x0, #(3 << 20)
  msr cpacr_el1, x0
  // Level 1 blocks: 1 GiB at itself for EL1, and again 1 GiB higher for EL0; Normal write-back.
  ldr x1, =tables
  ldr x0, =0x40000705 | (1 << 54)
  str x0, [x1, #8]
  ldr x0, =0x40000745 | (1 << 53)
  str x0, [x1, #16]
  msr ttbr0_el1, x1
  ldr x0, =0xff00
  msr mair_el1, x0
  ldr x0, =0x200803519
  msr tcr_el1, x0
  ldr x0, =0x34d5d805
  msr sctlr_el1, x0
  msr oslar_el1, xzr
  ldr x21, =results
  ldr x22, =table - ${FIELDS * 8}
  mov x23, #0
  tlbi alle1
  dsb sy
  isb
  b next
next:
  add x22, x22, #${FIELDS * 8}
  ldr x0, =${scenarios.length}
  cmp x23, x0
  b.eq over
  ldr x0, =${MARK}
  orr x0, x0, x23
  str x0, [x21], #8
  add x23, x23, #1
  ldr x0, =0x80000090        // RW, IMO and VI: a virtual interrupt is pending, masked, so that WFI does not wait
  msr hcr_el2, x0
  mov x24, #0
  ldr x24, [x22, #64]
  ldr x10, [x22, #72]
  ${load(0, 'elr_el2')}
  ${load(1, 'spsr_el2')}
  ${load(2, 'mdcr_el2')}
  ${load(5, 'dbgbvr0_el1')}
  ${load(7, 'dbgwvr0_el1')}
  ${load(4, 'dbgbcr0_el1')}
  ${load(6, 'dbgwcr0_el1')}
  ${load(3, 'mdscr_el1')}
  msr far_el1, xzr
  msr far_el2, xzr
  clrex
  isb
${Array.from({ length: 10 }, (_, n) => `  mov x${n}, xzr`).join('\n')}
  eret
over:
  msr mdscr_el1, xzr
  mov x0, #0x80000000
  msr hcr_el2, x0
  isb
  b finish
.ltorg
${handler(2)}
${handler(1)}
.ltorg
${codes}
.balign 8
table:
${table}
.balign 4096
tables: .skip 4096
data: .skip 256
.balign 4096
`;
  return { source, bytes: scenarios.length * 200 * 40 };
}

/** The records of each scenario. @throws Error if the words are no such list. */
export function recordsOf(words: readonly bigint[]): Taken[][] {
  const all: Taken[][] = [];
  for (let at = 0; at < words.length;) {
    if (words[at] === (MARK | BigInt(all.length))) {
      all.push([]);
      at++;
      continue;
    }
    const [vector, esr, far, elr, spsr] = words.slice(at, at + 5);
    if (all.length === 0 || spsr === undefined) throw new Error(`word ${at} of ${words.length} is neither a scenario's mark nor a record`);
    all[all.length - 1].push({ vector, esr, far, elr, spsr });
    at += 5;
  }
  return all;
}
