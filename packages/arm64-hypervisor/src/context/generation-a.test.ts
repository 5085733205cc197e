import { describe, expect, it } from 'vitest';
import { CONTEXT_2015_BASE, CONTEXT_DEBUG_PTR, CONTEXT_VHE, NR_SYS_REGS, SYS_REGS } from './generation-a.ts';
import { CPU_CONTEXT, GUEST_DEBUG_ARCH, VCPU_PARTS } from './layout.ts';

/** The entry of the array at 0 is reserved. */
const ARRAY = CPU_CONTEXT.slot('reserved0').offset;
const REVISIONS = [['2015-base', CONTEXT_2015_BASE], ['debug-ptr', CONTEXT_DEBUG_PTR], ['vhe', CONTEXT_VHE]] as const;

describe('sys_regs[]', () => {
  it.each(REVISIONS)('of %s has as many entries as the kernel says, each 8 bytes behind the one before', (name, layout) => {
    expect(SYS_REGS[name].length + 1).toBe(NR_SYS_REGS[name]);
    SYS_REGS[name].forEach((register, n) => { expect(layout.slot(register), register).toMatchObject({ offset: ARRAY + 8 * (n + 1), size: 8 }); });
    expect(layout.size).toBeLessThanOrEqual(VCPU_PARTS.vcpuDebugState);
  });

  // The indices of the kernel's header: before and after the debug registers left the array.
  it.each([
    ['2015-base', { VMPIDR_EL2: 1, CNTKCTL_EL1: 20, PAR_EL1: 21, MDSCR_EL1: 22, DBGBCR0_EL1: 23, DBGBCR15_EL1: 38, DBGBVR0_EL1: 39, DBGBVR15_EL1: 54, DBGWCR0_EL1: 55, DBGWCR15_EL1: 70,
      DBGWVR0_EL1: 71, DBGWVR15_EL1: 86, MDCCINT_EL1: 87, DACR32_EL2: 88, IFSR32_EL2: 89, FPEXC32_EL2: 90, DBGVCR32_EL2: 91, TEECR32_EL1: 92, TEEHBR32_EL1: 93 }],
    ['debug-ptr', { MDSCR_EL1: 22, MDCCINT_EL1: 23, DACR32_EL2: 24, IFSR32_EL2: 25, FPEXC32_EL2: 26, DBGVCR32_EL2: 27, TEECR32_EL1: 28, TEEHBR32_EL1: 29 }],
  ] as const)('of %s has them where the kernel has them', (name, indices) => {
    for (const [register, index] of Object.entries(indices)) expect(['', ...SYS_REGS[name]].indexOf(register), register).toBe(index);
  });

  it('of vhe has the registers that both worlds use in neighbouring pairs', () => {
    const index = (register: string): number => ['', ...SYS_REGS.vhe].indexOf(register);
    expect(index('TPIDR_EL0') % 2).toBe(1);
    expect(['TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'ACTLR_EL1'].map((register) => index(register) - index('TPIDR_EL0'))).toEqual([0, 1, 2, 3]);
    expect([...SYS_REGS.vhe].sort()).toEqual([...SYS_REGS['debug-ptr']].sort());
  });

  it('is followed by a set of 512 bytes where the debug registers are not in it', () => {
    expect(GUEST_DEBUG_ARCH.size).toBe(512);
    for (const [name, layout] of REVISIONS) expect(layout.slots.some((slot) => slot.name === 'DBGBCR0_EL1'), name).toBe(name === '2015-base');
  });
});
