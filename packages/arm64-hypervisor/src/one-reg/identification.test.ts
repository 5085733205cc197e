import { REGISTERS } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import fc from 'fast-check';
import { KvmError } from '@worldswitch/hypervisor';
import { describe, expect, it } from 'vitest';
import type { Profile } from '../abi/profile.ts';
import { Identification, IDENTIFICATION_ENCODINGS } from './identification.ts';
import { AARCH32_IDENTIFICATION, IDENTIFICATION } from './facts/identification.ts';
import type { IdentificationName } from './facts/identification.ts';

interface Setup { readonly profile?: Profile; readonly pmu?: boolean; readonly host?: Partial<Record<RegisterName, bigint>> }
/** A core that has much. */
const HOST: Partial<Record<RegisterName, bigint>> = {
  ID_AA64PFR0_EL1: 0x1201_1111_1111_1112n, ID_AA64PFR1_EL1: 0x21n, ID_AA64DFR0_EL1: 0x0000_010f_1020_5619n, ID_AA64ISAR0_EL1: 0x1221_1111_1121_1120n, ID_AA64ISAR1_EL1: 0x0111_1111_0021_1012n,
  ID_AA64MMFR0_EL1: 0x0000_2220_0f10_1125n, ID_AA64MMFR1_EL1: 0x1021_2122n, ID_AA64MMFR2_EL1: 0x1221_0110_1011_1011n, ID_AA64MMFR3_EL1: 0x11n, CTR_EL0: 0xb444_c004n, ID_PFR0_EL1: 0x131n,
};
function identification({ profile = '6.12', pmu = false, host = HOST }: Setup = {}): { readonly of: Identification; readonly run: () => void } {
  let ran = false;
  return { of: new Identification({ profile, pmu: () => pmu, ranOnce: () => ran, host: (name) => host[name] ?? 0n }), run: () => { ran = true; } };
}
const packed = (name: RegisterName): number => REGISTERS[name].packed;
const errno = (call: () => void): string => {
  try {
    call();
    return 'none';
  } catch (error) {
    if (error instanceof KvmError) return error.errno;
    throw error;
  }
};
const NAMES = Object.keys(IDENTIFICATION) as IdentificationName[];

describe('what guests are shown', () => {
  it('is never more than the host has, but for what only the VM says', () => {
    const { of } = identification();
    for (const name of NAMES) expect(of.value(name) & ~(HOST[name] ?? 0n) & ~(name === 'ID_AA64PFR0_EL1' ? 0xffn << 56n : 0n), name).toBe(0n);
  });
  // DDI 0487: EL3 15:12, EL2 11:8, SVE 35:32, SEL2 39:36, MPAM 43:40, AMU 47:44.
  it('has no EL2, EL3, SVE, MPAM or AMU', () => { expect(identification().of.value('ID_AA64PFR0_EL1') & 0xffff_0000_ff00n).toBe(0n); });
  it('has no pointer authentication, LORegions, VHE, indirect permissions', () => {
    const { of } = identification({ host: { ID_AA64ISAR1_EL1: ~0n & ((1n << 64n) - 1n), ID_AA64MMFR1_EL1: 0xffff_ffffn, ID_AA64MMFR3_EL1: 0xffff_ffffn } });
    expect(of.value('ID_AA64ISAR1_EL1') & 0xff00_0ff0n).toBe(0n);
    expect(of.value('ID_AA64MMFR1_EL1') & 0x000f_0f00n).toBe(0n);
    expect(of.value('ID_AA64MMFR3_EL1')).toBe(0n);
  });
  it.each([[false, 0n, 0n], [true, 4n, 4n], [true, 7n, 6n], [true, 0xfn, 0n]] as const)('has monitors with the feature: %s, host\'s %s', (pmu, ver, shown) => {
    expect((identification({ pmu, host: { ID_AA64DFR0_EL1: 0x1030_5006n | (ver << 8n) } }).of.value('ID_AA64DFR0_EL1') >> 8n) & 0xfn).toBe(shown);
  });
  it('has GIC registers with a GICv3, also after the VMM has written the rest', () => {
    const { of } = identification();
    const gic = (): bigint => (of.value('ID_AA64PFR0_EL1') >> 24n) & 0xfn;
    expect(gic()).toBe(0n);
    of.gicv3 = true;
    expect(gic()).toBe(1n);
    of.gicv3 = false;
    of.write(packed('ID_AA64PFR0_EL1'), of.value('ID_AA64PFR0_EL1') & ~(0xffn << 56n));
    of.gicv3 = true;
    expect(of.value('ID_AA64PFR0_EL1') >> 56n).toBe(0n);
    expect(gic()).toBe(1n);
  });
  it('covers every encoding of the space, reserved ones as zero', () => {
    const { of } = identification();
    expect(IDENTIFICATION_ENCODINGS.length).toBe(57);
    for (const encoding of IDENTIFICATION_ENCODINGS) expect(of.read(encoding)).toBeDefined();
    expect(of.read(packed('SCTLR_EL1'))).toBeUndefined();
  });
});

describe('what a VMM writes', () => {
  const field = (name: IdentificationName, value: bigint, shift: bigint, width = 4n): bigint => (identification().of.value(name) & ~(((1n << width) - 1n) << shift)) | (value << shift);
  it.each([
    // Lower, higher, and not to be changed. DDI 0487: DIT 51:48, CSV3 63:60, RAS 31:28, FP 19:16, GIC 27:24.
    ['ID_AA64PFR0_EL1', 48n, 0n, 'none'], ['ID_AA64PFR0_EL1', 48n, 2n, 'EINVAL'], ['ID_AA64PFR0_EL1', 60n, 0n, 'none'], ['ID_AA64PFR0_EL1', 28n, 0n, 'EINVAL'], ['ID_AA64PFR0_EL1', 16n, 0xfn, 'EINVAL'],
    ['ID_AA64PFR0_EL1', 24n, 1n, 'EINVAL'],
    // DebugVer 3:0 is at least 6; WRPs 23:20; BRPs 15:12 are not to be changed.
    ['ID_AA64DFR0_EL1', 0n, 6n, 'none'], ['ID_AA64DFR0_EL1', 0n, 5n, 'EINVAL'], ['ID_AA64DFR0_EL1', 20n, 1n, 'none'], ['ID_AA64DFR0_EL1', 20n, 3n, 'EINVAL'], ['ID_AA64DFR0_EL1', 12n, 1n, 'EINVAL'],
    // TGran4 31:28 and TGran64 27:24 are signed: 0xf is less than 0. The host has 0 and 0xf.
    ['ID_AA64MMFR0_EL1', 28n, 0xfn, 'none'], ['ID_AA64MMFR0_EL1', 28n, 1n, 'EINVAL'], ['ID_AA64MMFR0_EL1', 24n, 0n, 'EINVAL'], ['ID_AA64MMFR0_EL1', 0n, 2n, 'none'],
    // TGran4_2 43:40.
    ['ID_AA64MMFR0_EL1', 40n, 1n, 'EINVAL'],
    ['ID_AA64ISAR0_EL1', 20n, 0n, 'none'], ['ID_AA64ISAR0_EL1', 0n, 1n, 'EINVAL'], ['ID_AA64ISAR1_EL1', 0n, 1n, 'none'], ['ID_AA64ISAR1_EL1', 4n, 1n, 'EINVAL'],
    ['ID_AA64MMFR1_EL1', 4n, 0n, 'EINVAL'], ['ID_AA64MMFR1_EL1', 20n, 0n, 'none'], ['ID_AA64MMFR1_EL1', 24n, 5n, 'none'], ['ID_AA64MMFR2_EL1', 20n, 1n, 'EINVAL'],
    // DIC 29, IDC 28; IminLine 3:0; L1Ip 15:14.
    ['CTR_EL0', 0n, 3n, 'none'], ['CTR_EL0', 0n, 5n, 'EINVAL'], ['CTR_EL0', 14n, 2n, 'EINVAL'],
  ] as const)('%s, field at %s: %s is %s', (name, shift, value, expected) => {
    const { of } = identification();
    const before = of.value(name);
    const whole = field(name, value, shift, name === 'CTR_EL0' && shift === 14n ? 2n : 4n);
    expect(errno(() => { of.write(packed(name), whole); })).toBe(expected);
    expect(of.value(name)).toBe(expected === 'none' ? whole : before);
  });
  it('can be taken back as far as the host goes', () => {
    const { of } = identification();
    const full = of.value('ID_AA64ISAR0_EL1');
    of.write(packed('ID_AA64ISAR0_EL1'), 0n);
    of.write(packed('ID_AA64ISAR0_EL1'), full);
    expect(of.value('ID_AA64ISAR0_EL1')).toBe(full);
  });
  it('never promises more than there is', () => {
    fc.assert(fc.property(fc.constantFrom(...NAMES), fc.bigInt(0n, (1n << 64n) - 1n), (name, value) => {
      const { of } = identification();
      const limit = of.value(name);
      if (errno(() => { of.write(packed(name), value); }) !== 'none') expect(of.value(name)).toBe(limit);
      else expect(of.value(name) & ~limit & ~of.writable(packed(name))).toBe(0n);
    }), { numRuns: 400 });
  });
  it('is refused once a vCPU has run, but what is there already', () => {
    const { of, run } = identification();
    const value = of.value('ID_AA64ISAR0_EL1') & ~0xfn;
    run();
    expect(errno(() => { of.write(packed('ID_AA64ISAR0_EL1'), value); })).toBe('none');
    expect(errno(() => { of.write(packed('ID_AA64ISAR0_EL1'), 0n); })).toBe('EBUSY');
    expect(errno(() => { of.write(packed('ID_DFR1_EL1'), 1n); })).toBe('EBUSY');
  });
  it('of registers of AArch32 state is taken and forgotten; of reserved ones it is zero', () => {
    const { of } = identification();
    for (const name of AARCH32_IDENTIFICATION) {
      of.write(packed(name), 0x1234n);
      expect(of.read(packed(name)), name).toBe(0n);
    }
    for (const name of ['ID_AFR0_EL1', 'ID_DFR1_EL1', 'ID_AA64ZFR0_EL1', 'ID_AA64AFR0_EL1'] as const) expect(errno(() => { of.write(packed(name), 1n); }), name).toBe('EINVAL');
  });
  it('was little in 6.1: CSV2 and CSV3, at any time', () => {
    const { of, run } = identification({ profile: '6.1' });
    expect(of.writable(packed('ID_AA64PFR0_EL1'))).toBe(0xffn << 56n);
    expect(of.writable(packed('ID_AA64ISAR0_EL1'))).toBe(0n);
    run();
    of.write(packed('ID_AA64PFR0_EL1'), of.value('ID_AA64PFR0_EL1') & ~(0xffn << 56n));
    expect(of.value('ID_AA64PFR0_EL1') >> 56n).toBe(0n);
    expect(errno(() => { of.write(packed('ID_AA64ISAR0_EL1'), 0n); })).toBe('EINVAL');
  });
});

describe('the facts', () => {
  it('name only fields that a guest could have, and hide only those that they name', () => {
    for (const name of NAMES) {
      const { fields, hidden } = { hidden: {}, ...IDENTIFICATION[name] };
      for (const one of Object.keys(hidden)) expect(fields, `${name}.${one}`).toHaveProperty(one);
    }
  });
  // KVM_ARM_GET_REG_WRITABLE_MASKS of Linux 6.12 on a core with these fields.
  it('make writable what Linux 6.12 makes so', () => {
    const { of } = identification();
    expect(of.writable(packed('ID_AA64ISAR0_EL1'))).toBe(0xffff_ffff_f0ff_fff0n);
    expect(of.writable(packed('ID_AA64DFR0_EL1'))).toBe(0x0000_00f0_00f0_0f0fn);
    expect(of.writable(packed('CTR_EL0'))).toBe(0x300f_000fn);
  });
});
