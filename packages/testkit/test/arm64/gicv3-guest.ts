/**
 * Guests that work a GICv3 step by step from EL2, with excursions to EL1, and write down what they read. Each step is a line of
 * assembly or a few; the builder remembers what each recorded word is, so that a difference can be told.
 */
import { encodingOf, unpackEncoding, type RegisterName } from '@worldswitch/arm64-sysreg';

export const GICD = 0x0800_0000n;
export const GICR = 0x080a_0000n;
/** SGIs and PPIs of the processor. */
export const SGI = GICR + 0x1_0000n;

/** HCR_EL2 bits. */
export const HCR = { FMO: 1n << 3n, IMO: 1n << 4n, VF: 1n << 6n, VI: 1n << 7n, RW: 1n << 31n } as const;
/** High half of the words that number looks in the results. */
const LOOK = 0x4c4f_4f4bn << 32n;
/** First words of the records that exceptions leave. */
export const MARK = { el1Sync: 0x51n, el2Sync: 0x52n, el1Irq: 0x11n, el1Fiq: 0x12n, el2Irq: 0x21n, el2Fiq: 0x22n } as const;

/** The name GNU as knows any register by. */
export function systemName(name: RegisterName): string {
  const [op0, op1, crn, crm, op2] = unpackEncoding(encodingOf(name));
  return `s${op0}_${op1}_c${crn}_c${crm}_${op2}`;
}

/** Registers at EL1 that are read after each excursion's steps, and all that EL2 sees. Reading them changes nothing. */
const AT_EL1: readonly RegisterName[] = [
  'ISR_EL1', 'ICC_RPR_EL1', 'ICC_HPPIR0_EL1', 'ICC_HPPIR1_EL1', 'ICC_PMR_EL1', 'ICC_BPR0_EL1', 'ICC_BPR1_EL1', 'ICC_CTLR_EL1', 'ICC_IGRPEN0_EL1', 'ICC_IGRPEN1_EL1',
  'ICC_AP0R0_EL1', 'ICC_AP1R0_EL1', 'ICC_SRE_EL1',
];
const AT_EL2: readonly RegisterName[] = [...AT_EL1, 'ICC_SRE_EL2'];
const HYPERVISOR: readonly RegisterName[] = [
  'ICH_HCR_EL2', 'ICH_VTR_EL2', 'ICH_MISR_EL2', 'ICH_EISR_EL2', 'ICH_ELRSR_EL2', 'ICH_VMCR_EL2', 'ICH_AP0R0_EL2', 'ICH_AP1R0_EL2', 'ICH_LR0_EL2', 'ICH_LR1_EL2', 'ICH_LR2_EL2', 'ICH_LR3_EL2',
];
const IN_MEMORY: readonly (readonly [string, bigint])[] = [
  ['GICR_ISPENDR0', SGI + 0x200n], ['GICR_ISACTIVER0', SGI + 0x300n], ['GICD_ISPENDR1', GICD + 0x204n], ['GICD_ISACTIVER1', GICD + 0x304n],
];

export class GicGuest {
  readonly #code: string[] = [];
  readonly #looks: { readonly names: readonly string[]; readonly steps: readonly string[] }[] = [];
  #steps: string[] = [];
  #label = 0;
  #words = 0;

  /** Writes a register. */
  msr(name: RegisterName, value: bigint): this {
    this.#note(`${name} = 0x${value.toString(16)}`);
    this.#code.push(`  ldr x0, =0x${value.toString(16)}`, `  msr ${systemName(name)}, x0`, '  isb');
    return this;
  }
  /** Reads a register and records it. */
  mrs(name: RegisterName): this {
    this.#note(`read ${name}`);
    this.#code.push('  mov x0, #-2', `  mrs x0, ${systemName(name)}`, '  isb');
    return this.#record();
  }
  /** Reads a register, records it, and keeps it for `again`. */
  mrsKeep(name: RegisterName): this {
    this.mrs(name);
    this.#code.push('  mov x28, x0');
    return this;
  }
  /** Writes what `mrsKeep` has kept. */
  again(name: RegisterName): this {
    this.#note(`${name} = what was read`);
    this.#code.push(`  msr ${systemName(name)}, x28`, '  isb');
    return this;
  }
  store(address: bigint, value: bigint, width: 1 | 4 | 8 = 4): this {
    this.#note(`[0x${address.toString(16)}] = 0x${value.toString(16)}`);
    const register = width === 8 ? 'x0' : 'w0';
    this.#code.push(`  ldr x0, =0x${value.toString(16)}`, `  ldr x1, =0x${address.toString(16)}`, `  str${width === 1 ? 'b' : ''} ${register}, [x1]`, '  dsb sy', '  isb');
    return this;
  }
  load(address: bigint): this {
    this.#note(`read [0x${address.toString(16)}]`);
    this.#code.push(`  ldr x1, =0x${address.toString(16)}`, '  ldr w0, [x1]');
    return this.#record();
  }
  /** Of what `steps` record last, only these bits. */
  and(mask: bigint, steps: () => void): this {
    steps();
    this.#code.push('  ldr x0, [x21, #-8]', `  and x0, x0, #0x${mask.toString(16)}`, '  str x0, [x21, #-8]');
    return this;
  }
  /** Interrupts can be taken for a moment. */
  window(): this {
    this.#note('unmasked');
    this.#code.push('  msr daifclr, #3', '  nop', '  nop', '  msr daifset, #3');
    this.#words += 16 * 8;
    return this;
  }
  /** At EL1 with everything masked, then back. */
  el1(steps: (guest: this) => void): this {
    const label = `excursion${this.#label++}`;
    this.#note('to EL1');
    this.#code.push(`  adr x0, ${label}`, '  msr elr_el2, x0', '  mov x0, #0x3c5', '  msr spsr_el2, x0', '  eret', `${label}:`);
    steps(this);
    this.#code.push('  hvc #0');
    this.#note('to EL2');
    return this;
  }
  /** Records everything that can be seen without changing it. */
  look(where: 'el1' | 'el2' | 'el2 virtual'): this {
    const marker = LOOK | BigInt(this.#looks.length);
    this.#code.push(`  ldr x0, =0x${marker.toString(16)}`, '  str x0, [x21], #8', `  bl look_${where.replace(' ', '_')}`);
    const names = [...(where === 'el1' ? AT_EL1 : where === 'el2' ? AT_EL2 : HYPERVISOR), ...IN_MEMORY.map(([label]) => label)];
    this.#looks.push({ names, steps: [...this.#steps] });
    this.#words += 4 * (names.length + 1);
    return this;
  }

  #note(step: string): void {
    this.#steps.push(step);
  }
  #record(): this {
    this.#code.push('  str x0, [x21], #8');
    this.#words += 4;
    return this;
  }

  /** What the word at `index` of the results is, and the steps before it. Exceptions leave words of their own, so looks are numbered in the results. */
  describe(results: readonly bigint[], index: number): string {
    let at = index;
    while (at >= 0 && results[at] >> 32n !== LOOK >> 32n) at--;
    if (at < 0) return 'before the first look';
    const number = Number(results[at] & 0xffff_ffffn);
    const { names, steps } = this.#looks[number];
    const offset = index - at - 1;
    const next = this.#looks[number + 1]?.steps.slice(steps.length) ?? [];
    return offset < names.length ? `${names[offset]}, after ${steps.slice(-12).join('; ')}` : `word ${offset - names.length} of ${next.join('; ')}`;
  }

  /** For `Guest`: the source and the room for its results. */
  get source(): { readonly text: string; readonly bytes: number } {
    return { text: `${PROLOGUE}\n${this.#code.join('\n')}\n  b finish\n${SUBROUTINES}\n${VECTORS}`, bytes: this.#words * 8 + 4096 };
  }
}

const PROLOGUE = `
_start:
  ldr x21, =results
  ldr x0, =vectors1
  msr vbar_el1, x0
  ldr x0, =vectors2
  msr vbar_el2, x0
  ldr x0, =0x80000000
  msr hcr_el2, x0
  mov x0, #3
  msr cnthctl_el2, x0
  isb
`;

const look = (name: string, registers: readonly RegisterName[]): string => `
${name}:
${registers.map((register) => `  mrs x0, ${systemName(register)}\n  str x0, [x21], #8`).join('\n')}
${IN_MEMORY.map(([, address]) => `  ldr x1, =0x${address.toString(16)}\n  ldr w0, [x1]\n  str x0, [x21], #8`).join('\n')}
  ret
`;
const SUBROUTINES = [look('look_el1', AT_EL1), look('look_el2', AT_EL2), look('look_el2_virtual', HYPERVISOR), '.ltorg'].join('\n');

const put = (mark: bigint, read: string): string => `
  mov x16, #0x${mark.toString(16)}
  ${read}
  stp x16, x17, [x21], #16`;
const skip = (el: 1 | 2): string => `
  mrs x16, elr_el${el}
  add x16, x16, #4
  msr elr_el${el}, x16
  eret`;
/** Acknowledges and completes, with DIR where CTLR.EOImode asks for it. */
const handle = (mark: bigint, group: 0 | 1): string => `
  mrs x18, ${systemName('ISR_EL1')}
${put(mark, `mrs x17, ${systemName(group === 0 ? 'ICC_IAR0_EL1' : 'ICC_IAR1_EL1')}`)}
  mrs x19, ${systemName('ICC_RPR_EL1')}
  stp x18, x19, [x21], #16
  msr ${systemName(group === 0 ? 'ICC_EOIR0_EL1' : 'ICC_EOIR1_EL1')}, x17
  mrs x18, ${systemName('ICC_CTLR_EL1')}
  tbz x18, #1, 1f
  msr ${systemName('ICC_DIR_EL1')}, x17
1: isb
  mrs x18, ${systemName('ISR_EL1')}
  str x18, [x21], #8`;
/** Goes on with interrupts masked: what is still pending must not be taken forever. Masks of EL1 do not hold physical ones from EL2, so these are disabled. */
const masked = (el: 1 | 2, group: 0 | 1): string => `
  mrs x18, spsr_el${el}
  orr x16, x18, #0xc0
  msr spsr_el${el}, x16
${el === 2 ? `  tbnz x18, #3, 1f\n  msr ${systemName(group === 0 ? 'ICC_IGRPEN0_EL1' : 'ICC_IGRPEN1_EL1')}, xzr\n1:` : ''}
  eret`;

/** Entries for SP_EL0, SP_ELx and, at EL2, the level below; what nobody expects ends the run. */
function vectorTable(name: string, el: 1 | 2, handlers: readonly string[]): string {
  const quarters = [[], handlers, ...(el === 2 ? [handlers] : [])];
  const entries = quarters.flatMap((quarter) => [0, 1, 2, 3].map((n) => quarter[n] ?? 'finish'));
  return `.balign 2048\n${name}:\n${entries.map((entry) => `.balign 128\n  b ${entry}`).join('\n')}`;
}

const VECTORS = `
el1_sync:${put(MARK.el1Sync, 'mrs x17, esr_el1')}${skip(1)}
el1_irq:${handle(MARK.el1Irq, 1)}${masked(1, 1)}
el1_fiq:${handle(MARK.el1Fiq, 0)}${masked(1, 0)}
el2_sync:
  mrs x17, esr_el2
  lsr x18, x17, #26
  cmp x18, #0x16
  b.ne 1f
  mrs x16, elr_el2           // HVC: the steps go on behind it, at EL2
  br x16
1:${put(MARK.el2Sync, 'mrs x17, esr_el2')}${skip(2)}
el2_irq:${handle(MARK.el2Irq, 1)}${masked(2, 1)}
el2_fiq:${handle(MARK.el2Fiq, 0)}${masked(2, 0)}
${vectorTable('vectors1', 1, ['el1_sync', 'el1_irq', 'el1_fiq'])}
${vectorTable('vectors2', 2, ['el2_sync', 'el2_irq', 'el2_fiq'])}
.balign 8
`;
