/** KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST, and what a guest makes of it. */
import { CORTEX_A57, LAB, NEOVERSE_N1 } from '@worldswitch/arm64';
import type { Arm64Model } from '@worldswitch/arm64';
import { ONE_REGISTER_CONFIGS, ONE_REGISTER_FACTS } from '@worldswitch/arm64-hypervisor';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { errnoOf } from './bench.ts';
import { MMIO, RAM, kvmGuest, runAt } from './guest.ts';
import type { KvmGuest, KvmGuestOptions, TestVcpu } from './guest.ts';
import { sentence } from './sentence.ts';

interface Fact { readonly id: bigint; readonly size: number; readonly group: string; readonly name: string; readonly since?: string; readonly condition?: string }
const FACTS: readonly Fact[] = ONE_REGISTER_FACTS;
const id = (name: string): bigint => FACTS.find((fact) => fact.name === name)?.id as bigint;
const DEMUX = (n: number): bigint => 0x6020_0000_0011_0000n | BigInt(n);
const PSCI_0_2 = ['psci-0.2'];
const WITH_PMU = ['psci-0.2', 'pmu-v3'];

const get = ({ vcpu }: Pick<KvmGuest, 'vcpu'>, name: string): bigint => vcpu.oneRegisters.get(id(name));
const set = ({ vcpu }: Pick<KvmGuest, 'vcpu'>, name: string, value: bigint): string => errnoOf(() => { vcpu.oneRegisters.set(id(name), value); });
const errnos = (vcpu: TestVcpu, which: bigint): readonly string[] => [errnoOf(() => vcpu.oneRegisters.get(which)), errnoOf(() => { vcpu.oneRegisters.set(which, 0n); })];

/** A guest that reads registers: each instruction is followed by a store to nowhere. */
function reading(registers: readonly string[], options: KvmGuestOptions = {}): { readonly one: KvmGuest; readonly seen: (register: string) => bigint } {
  const one = kvmGuest({ source: registers.map((register) => `mrs x0, ${register}\n str x0, [x20]`).join('\n'), ...options });
  return {
    one,
    seen: (register) => {
      expect(runAt(one.vcpu, RAM + 8n * BigInt(registers.indexOf(register)), { x20: MMIO })).toMatchObject({ kind: 'mmio', address: MMIO });
      return one.vcpu.getRegister('x0');
    },
  };
}

describe('identifiers', () => {
  sentence('4.1', () => {
    const { vcpu } = kvmGuest();
    for (const upper of [0x1030_0000n, 0x2030_0000n, 0x6130_0000n, 0x6030_0001n, 0x6031_0000n, 0n]) expect(errnos(vcpu, (upper << 32n) | 0x0010_0000n), `0x${upper.toString(16)}`).toEqual(['EINVAL', 'EINVAL']);
  });
  sentence('4.2', () => {
    const { vcpu } = kvmGuest();
    // A kind that does not exist, OSLAR_EL1, PMCR_EL0 and an authentication key without their features, TPIDR_EL2, a firmware register, SCTLR_EL1 of another size.
    for (const which of [
      0x6030_0000_0012_0000n, 0x6030_0000_0013_8084n, 0x6030_0000_0013_dce0n, 0x6030_0000_0013_c108n, 0x6030_0000_0013_e682n, 0x6030_0000_0014_0004n, 0x6030_0000_0016_0003n, 0x6020_0000_0013_c080n,
      0x6020_0000_0014_0000n,
    ]) expect(errnos(vcpu, which), `0x${which.toString(16)}`).toEqual(['ENOENT', 'ENOENT']);
    for (const { id: which, group } of FACTS) if (group === 'sve' || group === 'el2' || group.startsWith('pauth')) expect(errnos(vcpu, which)).toEqual(['ENOENT', 'ENOENT']);
  });
  sentence('4.3', () => {
    const { vcpu } = kvmGuest();
    const core = FACTS.filter(({ id: which }) => (which & 0xfff_0000n) === 0x10_0000n);
    const ids = new Set(core.map((fact) => fact.id));
    for (const { id: which } of core) {
      for (let size = 0n; size < 5n; size++) {
        const other = (which & ~(0xfn << 52n)) | (size << 52n);
        // struct kvm_regs has 864 bytes, 216 words, of which the last are padding.
        const past = (which & 0xffffn) + (1n << size) / 4n >= 216n;
        if (!ids.has(other)) expect(errnos(vcpu, other), `0x${other.toString(16)}`).toEqual(past ? ['ENOENT', 'ENOENT'] : ['EINVAL', 'EINVAL']);
      }
      if (which !== id('FPSR') && which !== id('FPCR')) expect(errnos(vcpu, which + 1n)).toEqual(['EINVAL', 'EINVAL']);
    }
    for (const word of [216n, 217n, 0xffffn]) expect(errnos(vcpu, 0x6030_0000_0010_0000n | word)).toEqual(['ENOENT', 'ENOENT']);
  });
});

describe('PSTATE', () => {
  const modes = (accepted: readonly number[]): void => {
    const one = kvmGuest();
    for (let mode = 0; mode < 32; mode++) expect(set(one, 'PSTATE', 0x3c0n | BigInt(mode)), `mode 0x${mode.toString(16)}`).toBe(accepted.includes(mode) ? 'none' : 'EINVAL');
  };
  sentence('4.5', () => { modes([0, 4, 5]); });
  sentence('4.6', () => {
    const one = kvmGuest();
    fc.assert(fc.property(fc.bigInt(0n, (1n << 64n) - 1n), fc.constantFrom(0n, 4n, 5n), (bits, mode) => {
      const value = (bits & ~0x1fn) | mode;
      expect(set(one, 'PSTATE', value)).toBe('none');
      expect(get(one, 'PSTATE')).toBe(value);
    }), { numRuns: 100 });
  });
});

describe('what is the host\'s', () => {
  const invariant = (profile: '6.1' | '6.12' | '6.14', names: readonly string[]): void => {
    const one = kvmGuest({ profile });
    for (const name of names) {
      const value = get(one, name);
      expect([set(one, name, value), set(one, name, value ^ 1n), set(one, name, value ^ (1n << 27n))], name).toEqual(['none', 'EINVAL', 'EINVAL']);
      expect(get(one, name)).toBe(value);
    }
  };
  sentence('4.7', () => { invariant('6.12', ['MIDR_EL1', 'REVIDR_EL1', 'AIDR_EL1']); }, '6.12');
  sentence('4.7', () => { invariant('6.1', ['MIDR_EL1', 'REVIDR_EL1', 'CLIDR_EL1', 'AIDR_EL1', 'CTR_EL0']); }, '6.1');
  sentence('4.8', () => {
    const one = kvmGuest();
    expect(get(one, 'MIDR_EL1')).toBe(LAB.constants.MIDR_EL1);
    expect(set(one, 'MIDR_EL1', 0x410f_d070n)).toBe('EINVAL');
    expect(set(one, 'MIDR_EL1', LAB.constants.MIDR_EL1 as bigint)).toBe('none');
  });
  sentence('4.9', () => {
    const { one, seen } = reading(['clidr_el1', 'ctr_el0']);
    // Bits 63:47 are reserved. A second level, unified, with LoC 2.
    for (const reserved of [1n << 63n, 1n << 47n]) expect(set(one, 'CLIDR_EL1', get(one, 'CLIDR_EL1') | reserved)).toBe('EINVAL');
    expect(set(one, 'CLIDR_EL1', 0x0a20_0023n)).toBe('none');
    expect(seen('clidr_el1')).toBe(0x0a20_0023n);
    // Data caches that need no cleaning, on a host whose do: LoUU and LoUIS of 0.
    expect(set(one, 'CLIDR_EL1', 0x0200_0023n)).toBe('EINVAL');
    expect(seen('clidr_el1')).toBe(0x0a20_0023n);
  }, 'CLIDR_EL1');
  sentence('4.9', () => {
    const { one, seen } = reading(['ctr_el0']);
    const ctr = get(one, 'CTR_EL0');
    expect(ctr).toBe(LAB.constants.CTR_EL0);
    // DminLine 19:16 lowered, then raised; CWG 27:24 is not to be changed.
    expect(set(one, 'CTR_EL0', ctr - (1n << 16n))).toBe('none');
    expect(seen('ctr_el0')).toBe(ctr - (1n << 16n));
    expect(set(one, 'CTR_EL0', ctr - (2n << 16n))).toBe('EBUSY');
    expect(['none', 'EINVAL', 'EINVAL']).toEqual([0n, 1n << 16n, 1n << 24n].map((more) => set(kvmGuest(), 'CTR_EL0', ctr + more)));
  }, 'CTR_EL0');
});

describe('identification registers', () => {
  sentence('4.11', () => {
    const { one, seen } = reading(['id_aa64isar0_el1', 'id_aa64pfr0_el1']);
    const [isar0, pfr0] = [get(one, 'ID_AA64ISAR0_EL1'), get(one, 'ID_AA64PFR0_EL1')];
    // CRC32 19:16 and Atomic 23:20 away, DIT 51:48 away.
    const [lower, less] = [isar0 & ~0xff_0000n, pfr0 & ~(0xfn << 48n)];
    expect([isar0, pfr0]).not.toEqual([lower, less]);
    expect(set(one, 'ID_AA64ISAR0_EL1', isar0 + (1n << 16n))).toBe('EINVAL');
    expect([set(one, 'ID_AA64ISAR0_EL1', lower), set(one, 'ID_AA64PFR0_EL1', less)]).toEqual(['none', 'none']);
    // As often as one likes, up to what the host has.
    expect([set(one, 'ID_AA64ISAR0_EL1', isar0), set(one, 'ID_AA64ISAR0_EL1', lower)]).toEqual(['none', 'none']);
    expect([seen('id_aa64isar0_el1'), seen('id_aa64pfr0_el1')]).toEqual([lower, less]);
    expect([set(one, 'ID_AA64ISAR0_EL1', lower), set(one, 'ID_AA64ISAR0_EL1', isar0), set(one, 'ID_AA64ISAR0_EL1', 0n)]).toEqual(['none', 'EBUSY', 'EBUSY']);
    expect(get(one, 'ID_AA64ISAR0_EL1')).toBe(lower);
  });
  sentence('4.11', () => {
    const one = kvmGuest({ vcpus: 2 });
    const isar0 = get(one, 'ID_AA64ISAR0_EL1');
    expect(set({ vcpu: one.vcpus[1] }, 'ID_AA64ISAR0_EL1', isar0 & ~0xf_0000n)).toBe('none');
    expect(get(one, 'ID_AA64ISAR0_EL1')).toBe(isar0 & ~0xf_0000n);
    one.vcpus[1].initialise(PSCI_0_2);
    expect(get(one, 'ID_AA64ISAR0_EL1')).toBe(isar0 & ~0xf_0000n);
  }, 'of the VM, and not touched by a reset');
  sentence('4.11', () => {
    const one = kvmGuest({ profile: '6.1' });
    const isar0 = get(one, 'ID_AA64ISAR0_EL1');
    expect([set(one, 'ID_AA64ISAR0_EL1', isar0), set(one, 'ID_AA64ISAR0_EL1', isar0 & ~0xf_0000n)]).toEqual(['none', 'EINVAL']);
    one.vcpu.run({ immediateExit: true });
    expect(set(one, 'ID_AA64ISAR0_EL1', isar0 & ~0xf_0000n)).toBe('EINVAL');
  }, '6.1');
  sentence('4.12', () => {
    const reserved = FACTS.filter(({ name }) => name.startsWith('reserved_id') || ['ID_AFR0_EL1', 'ID_DFR1_EL1', 'ID_AA64ZFR0_EL1', 'ID_AA64AFR0_EL1', 'ID_AA64AFR1_EL1'].includes(name));
    expect(reserved.length).toBeGreaterThan(15);
    const { one, seen } = reading(['s3_0_c0_c3_3', 's3_0_c0_c7_7']);
    for (const { name } of reserved) expect([get(one, name), set(one, name, 0n), set(one, name, 1n), set(one, name, 1n << 63n)], name).toEqual([0n, 'none', 'EINVAL', 'EINVAL']);
    expect([seen('s3_0_c0_c3_3'), seen('s3_0_c0_c7_7')]).toEqual([0n, 0n]);
  });
});

describe('caches', () => {
  sentence('4.13', () => {
    const one = kvmGuest({ source: 'msr csselr_el1, x1\n mrs x0, ccsidr_el1\n str x0, [x20]' });
    const { oneRegisters } = one.vcpu;
    for (let n = 0; n < 14; n++) expect(errnoOf(() => oneRegisters.get(DEMUX(n)))).toBe('none');
    for (const n of [14, 15, 255]) expect(errnos(one.vcpu, DEMUX(n))).toEqual(['ENOENT', 'ENOENT']);
    expect(errnos(one.vcpu, 0x6030_0000_0011_0000n)).toEqual(['ENOENT', 'ENOENT']);
    // 256 sets of 4 ways; lines of 64 bytes are the shortest (LineSize 2).
    oneRegisters.set(DEMUX(0), (0xffn << 13n) | (3n << 3n) | 2n);
    expect(errnoOf(() => { oneRegisters.set(DEMUX(0), 1n); })).toBe('EINVAL');
    expect(errnoOf(() => { oneRegisters.set(DEMUX(0), 1n << 32n); })).toBe('EINVAL');
    for (const [csselr, value] of [[0n, 0x1f_e01an], [1n, 2n]] as const) {
      expect(runAt(one.vcpu, RAM, { x1: csselr, x20: MMIO }).kind).toBe('mmio');
      expect(one.vcpu.getRegister('x0')).toBe(value);
    }
  }, '6.12');
  sentence('4.13', () => {
    const one = kvmGuest({ profile: '6.1' });
    const { oneRegisters } = one.vcpu;
    // CLIDR_EL1 of the model: a separate first level, a unified second.
    expect(oneRegisters.list().filter((each) => (each & 0xfff_0000n) === 0x11_0000n)).toEqual([0, 1, 2].map(DEMUX));
    for (const n of [0, 1, 2]) {
      expect(oneRegisters.get(DEMUX(n))).toBe(LAB.caches[n]);
      expect([errnoOf(() => { oneRegisters.set(DEMUX(n), LAB.caches[n]); }), errnoOf(() => { oneRegisters.set(DEMUX(n), LAB.caches[n] ^ 8n); })]).toEqual(['none', 'EINVAL']);
    }
    for (const n of [3, 4, 13, 14]) expect(errnos(one.vcpu, DEMUX(n))).toEqual(['ENOENT', 'ENOENT']);
  }, '6.1');
});

describe('firmware registers', () => {
  sentence('4.14', () => {
    const versions = (features: readonly string[], profile?: '6.14'): readonly bigint[] => {
      const one = kvmGuest({ features, ...(profile && { profile }) });
      return [0n, 1n, 2n, 3n, 0x1_0000n, 0x1_0001n, 0x1_0002n, 0x1_0003n, 0x2_0000n].filter((version) => {
        const before = get(one, 'KVM_REG_ARM_PSCI_VERSION');
        const errno = set(one, 'KVM_REG_ARM_PSCI_VERSION', version);
        expect(get(one, 'KVM_REG_ARM_PSCI_VERSION')).toBe(errno === 'none' ? version : before);
        if (errno !== 'none') expect(errno).toBe('EINVAL');
        return errno === 'none';
      });
    };
    expect(versions([])).toEqual([1n]);
    expect(versions(PSCI_0_2)).toEqual([2n, 0x1_0000n, 0x1_0001n]);
    expect(versions(PSCI_0_2, '6.14')).toEqual([2n, 0x1_0000n, 0x1_0001n, 0x1_0003n]);
    expect(get(kvmGuest(), 'KVM_REG_ARM_PSCI_VERSION')).toBe(0x1_0001n);
  });
  sentence('4.15', () => {
    const one = kvmGuest();
    // The processor does not speculate: not required is 2, 3 of the second, the highest levels that there are.
    for (const [n, highest] of [[1, 2n], [2, 3n], [3, 2n]] as const) {
      const name = `KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_${n}`;
      expect(get(one, name)).toBe(highest);
      for (let level = 0n; level < 6n; level++) expect(set(one, name, level), `${name} ${level}`).toBe(level <= highest ? 'none' : 'EINVAL');
      expect(set(one, name, 0x100n)).toBe('EINVAL');
    }
    // ENABLED goes with available alone.
    expect([0x12n, 0x13n, 0x10n].map((value) => set(one, 'KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2', value))).toEqual(['none', 'EINVAL', 'EINVAL']);
  });
  sentence('4.16', () => {
    for (const [name, all] of [['STD', 1n], ['STD_HYP', 1n], ['VENDOR_HYP', 3n]] as const) {
      const one = kvmGuest();
      const register = `KVM_REG_ARM_${name}_BMAP`;
      expect(get(one, register)).toBe(all);
      for (let bit = 0n; bit < 64n; bit++) expect(set(one, register, 1n << bit), `${name} bit ${bit}`).toBe((all >> bit) & 1n ? 'none' : 'EINVAL');
      expect(set(one, register, 0n)).toBe('none');
      one.vcpu.run({ immediateExit: true });
      expect([set(one, register, 0n), set(one, register, 1n), set(one, register, 1n << 63n)]).toEqual(['none', 'EBUSY', 'EINVAL']);
    }
  });
});

describe('timers', () => {
  sentence('4.17', () => {
    const one = kvmGuest({ vcpus: 2, source: 'mrs x0, cntvct_el0\n mrs x1, cntv_cval_el0\n str x0, [x20]' });
    const [first, second] = one.vcpus;
    // (3, 3, 14, 3, 2) is the encoding of CNTV_CVAL_EL0, and sets the count; (3, 3, 14, 0, 2), of CNTVCT_EL0, the compare value.
    const [CNT, CVAL] = [0x6030_0000_0013_df1an, 0x6030_0000_0013_df02n];
    second.oneRegisters.set(CNT, 0x1234_5678_0000_0000n);
    first.oneRegisters.set(CVAL, 0x7777n);
    expect(first.oneRegisters.get(CNT)).toBe(0x1234_5678_0000_0000n);
    expect([first.oneRegisters.get(CVAL), second.oneRegisters.get(CVAL)]).toEqual([0x7777n, 0n]);
    expect(runAt(first, RAM, { x20: MMIO }).kind).toBe('mmio');
    const count = first.getRegister('x0') - 0x1234_5678_0000_0000n;
    expect(count >= 0n && count < 1000n).toBe(true);
    expect(first.getRegister('x1')).toBe(0x7777n);
    first.initialise(PSCI_0_2);
    expect(first.oneRegisters.get(CNT)).toBeGreaterThanOrEqual(0x1234_5678_0000_0000n);
  });
  sentence('4.17', () => {
    for (const mode of ['vhe', 'nvhe'] as const) {
      const one = kvmGuest({ mode, source: 'mrs x0, cntpct_el0\n mrs x1, cntp_tval_el0\n mrs x2, cntp_ctl_el0\n mrs x3, cntvct_el0\n str x0, [x20]' });
      set(one, 'PTIMER_CNT', 0x5000_0000n);
      set(one, 'PTIMER_CVAL', 0x5000_1000n);
      set(one, 'PTIMER_CTL', 1n);
      expect([get(one, 'PTIMER_CNT'), get(one, 'PTIMER_CVAL'), get(one, 'PTIMER_CTL')]).toEqual([0x5000_0000n, 0x5000_1000n, 1n]);
      expect(runAt(one.vcpu, RAM, { x20: MMIO }).kind).toBe('mmio');
      const [count, left, control, virtual] = [0, 1, 2, 3].map((n) => one.vcpu.getRegister(`x${n}`));
      expect(count >= 0x5000_0000n && count < 0x5000_0100n).toBe(true);
      expect(left <= 0x1000n && left > 0xf00n).toBe(true);
      expect(control).toBe(1n);
      // The other count is none of its business, and neither is the host's.
      expect(virtual).toBeLessThan(0x5000_0000n);
      expect(one.machine.clock.now()).toBeLessThan(0x5000_0000n);
    }
  }, 'the physical timer\'s, in order');
  sentence('4.17', () => {
    const one = kvmGuest({ source: 'wfi\n str x0, [x20]' });
    set(one, 'PTIMER_CNT', 0x5000_0000n);
    set(one, 'PTIMER_CVAL', 0x5000_2000n);
    set(one, 'PTIMER_CTL', 1n);
    one.vcpu.setRegister('x20', MMIO);
    one.vcpu.run({ budget: 100_000 });
    expect(get(one, 'PTIMER_CTL')).toBe(5n);
    const count = get(one, 'PTIMER_CNT');
    expect(count >= 0x5000_2000n && count < 0x5000_2400n, count.toString(16)).toBe(true);
  }, 'a timer fires by the count that was set');
});

describe('a vCPU that another has started', () => {
  sentence('4.18', () => {
    const one = kvmGuest({ vcpus: 2, source: 'hvc #0\n str x0, [x20]' });
    const [first, second] = one.vcpus;
    second.oneRegisters.set(id('x7'), 99n);
    expect(runAt(first, RAM, { x0: 0xc400_0003n, x1: 1n, x2: 0x4000_8000n, x3: 0x1234n, x20: MMIO }).kind).toBe('mmio');
    expect(['PC', 'x0', 'x7', 'PSTATE'].map((name) => get({ vcpu: second }, name))).toEqual([0x4000_8000n, 0x1234n, 0n, 0x3c5n]);
    expect(second.mpState).toBe('runnable');
  });
});

const MODELS: readonly (readonly [Arm64Model, 'vhe' | 'nvhe'])[] = [[LAB, 'vhe'], [LAB, 'nvhe'], [NEOVERSE_N1, 'vhe'], [CORTEX_A57, 'nvhe']];

describe('the list', () => {
  sentence('4.20', () => {
    const kindOf = (which: bigint): string => {
      const kind = (which >> 16n) & 0xfffn;
      const name = FACTS.find((fact) => fact.id === which)?.name ?? '';
      if (kind === 0x10n) return 'core';
      if (kind === 0x14n || kind === 0x16n) return 'firmware';
      if (kind === 0x11n) return 'demux';
      return /^P?TIMER/.test(name) ? 'timer' : ['MIDR_EL1', 'REVIDR_EL1', 'AIDR_EL1'].includes(name) ? 'invariant' : 'sysreg';
    };
    const list = kvmGuest({ features: WITH_PMU }).vcpu.oneRegisters.list();
    const kinds = list.map(kindOf);
    expect(kinds.filter((kind, n) => kind !== kinds[n - 1])).toEqual(['core', 'firmware', 'timer', 'invariant', 'sysreg', 'demux']);
    const ascending = list.filter((_, n) => kinds[n] === 'sysreg').map((which) => which & 0xffffn);
    expect(ascending).toEqual([...ascending].sort((a, b) => Number(a - b)));
  });
  sentence('4.20', () => {
    for (const [model, mode] of MODELS) {
      for (const [config, features] of [['vregs', PSCI_0_2], ['vregs+pmu', WITH_PMU]] as const) {
        const groups: readonly string[] = [...ONE_REGISTER_CONFIGS[config], 'timer'];
        const expected = FACTS.filter(({ group, since, condition }) => groups.includes(group) && since === undefined && condition === undefined).map((fact) => fact.id);
        const list = kvmGuest({ model, mode, features }).vcpu.oneRegisters.list();
        expect(new Set(list), `${model.name} ${config}`).toEqual(new Set([...expected, ...Array.from({ length: 14 }, (_, n) => DEMUX(n))]));
        expect(list).toHaveLength(new Set(list).size);
      }
    }
  }, 'that of get-reg-list, on every model');
  sentence('4.21', () => {
    for (const [model, mode] of MODELS) {
      const one = kvmGuest({ model, mode, features: WITH_PMU, source: 'msr tpidr_el0, x0\n str x0, [x20]' });
      const { oneRegisters } = one.vcpu;
      const snapshot = (): readonly (readonly [bigint, bigint])[] => oneRegisters.list().map((which) => [which, oneRegisters.get(which)]);
      // KVM_ARM_VCPU_PMU_V3_INIT.
      one.vcpu.setAttribute(0, 1n, new Uint8Array(0));
      for (const ran of [false, true]) {
        if (ran) expect(runAt(one.vcpu, RAM, { x20: MMIO }).kind).toBe('mmio');
        const before = snapshot();
        for (const [which, value] of before) expect(errnoOf(() => { oneRegisters.set(which, value); }), `0x${which.toString(16)}`).toBe('none');
        expect(snapshot()).toEqual(before);
      }
    }
  });
});
