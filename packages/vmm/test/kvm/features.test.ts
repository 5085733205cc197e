/** KVM_ARM_PREFERRED_TARGET, KVM_ARM_VCPU_INIT and KVM_ARM_VCPU_FINALIZE. */
import { CORTEX_A57, NEOVERSE_N1 } from '@worldswitch/arm64';
import { ONE_REGISTER_FACTS, getVcpuEvents, setVcpuEvents } from '@worldswitch/arm64-hypervisor';
import { CONSTANTS, structCodec } from '@worldswitch/hypervisor/abi';
import { describe, expect } from 'vitest';
import { errnoOf } from './bench.ts';
import { RAM, kvmGuest, runUntil } from './guest.ts';
import type { KvmGuest, KvmGuestOptions, TestVcpu } from './guest.ts';
import { sentence } from './sentence.ts';

const INIT = structCodec('arm64', 'kvm_vcpu_init', 'little');
const GENERIC = CONSTANTS.KVM_ARM_TARGET.KVM_ARM_TARGET_GENERIC_V8;

/** A VM whose vCPU nobody has initialised. */
function fresh(options: KvmGuestOptions = {}): KvmGuest & { readonly unborn: TestVcpu } {
  const one = kvmGuest(options);
  const vm = one.kvm.createVm();
  return { ...one, vm, unborn: vm.createVcpu(0) };
}
/** A call in the ABI's bytes. */
function call({ vm, unborn }: Pick<ReturnType<typeof fresh>, 'vm' | 'unborn'>, name: string, argument: Uint8Array): number {
  const found = vm.architecture.abi.calls.find((one) => one.name === name);
  if (!found) throw new Error(`no call ${name}`);
  return found.run({ vm: vm.backend, vcpu: unborn.backend, initialised: unborn.initialised, initialise: (features) => { unborn.initialise(features); } }, argument);
}
const init = (one: ReturnType<typeof fresh>, target: number, features: readonly number[]): string =>
  errnoOf(() => call(one, 'KVM_ARM_VCPU_INIT', INIT.encode({ target, features: Array.from({ length: 7 }, (_, n) => features[n] ?? 0) })));
const initialise = (features: readonly string[]): string => errnoOf(() => { fresh().unborn.initialise(features); });
const PSCI = 4;

describe('the target', () => {
  sentence('3.1', () => {
    for (const model of [undefined, CORTEX_A57, NEOVERSE_N1]) {
      const argument = new Uint8Array(32).fill(0xff);
      expect(call(fresh({ mode: 'nvhe', ...(model && { model }) }), 'KVM_ARM_PREFERRED_TARGET', argument)).toBe(0);
      expect(INIT.decode(argument)).toEqual({ target: 5, features: [0, 0, 0, 0, 0, 0, 0] });
    }
  });
  sentence('3.2', () => {
    const one = fresh();
    for (const target of [0, 1, 2, 3, 4, 6, 0xffff_ffff]) expect(init(one, target, [PSCI]), `${target}`).toBe('EINVAL');
    expect(one.unborn.initialised).toBe(false);
    expect(init(one, GENERIC, [PSCI])).toBe('none');
    expect(one.unborn.initialised).toBe(true);
  });
  sentence('3.2', () => {
    // KVM_ARM_TARGET_CORTEX_A57.
    const one = fresh({ mode: 'nvhe', model: CORTEX_A57 });
    expect(init(one, 4, [PSCI])).toBe('EINVAL');
    expect(init(one, 2, [PSCI])).toBe('none');
  }, 'a core with a target of its own');
});

describe('features', () => {
  sentence('3.3', () => {
    const one = fresh();
    for (let bit = 8; bit < 32; bit++) expect(init(one, GENERIC, [PSCI | (1 << bit) >>> 0]), `bit ${bit}`).toBe('ENOENT');
    for (let word = 1; word < 7; word++) expect(init(one, GENERIC, [PSCI, ...Array.from({ length: 6 }, (_, n) => (n + 1 === word ? 1 : 0))]), `word ${word}`).toBe('ENOENT');
    expect(one.unborn.initialised).toBe(false);
    expect(initialise(['psci-0.2', 'warp-drive'])).toBe('ENOENT');
  });
  sentence('3.4', () => {
    // EL1_32BIT, SVE, both of pointer authentication, HAS_EL2.
    for (const bits of [1 << 1, 1 << 4, 3 << 5, 1 << 7]) expect(init(fresh(), GENERIC, [bits]), `0x${bits.toString(16)}`).toBe('EINVAL');
    for (const features of [['el1-32bit'], ['sve'], ['ptrauth-address', 'ptrauth-generic'], ['has-el2']]) expect(initialise(features), features.join()).toBe('EINVAL');
    for (const bits of [0, 1, PSCI, 1 << 3, 0xd]) expect(init(fresh(), GENERIC, [bits]), `0x${bits.toString(16)}`).toBe('none');
  });
  sentence('3.5', () => {
    for (const bits of [1 << 5, 1 << 6]) expect(init(fresh(), GENERIC, [bits])).toBe('EINVAL');
    expect(initialise(['ptrauth-address'])).toBe('EINVAL');
    expect(initialise(['ptrauth-generic'])).toBe('EINVAL');
  });
  sentence('3.6', () => {
    expect(init(fresh(), GENERIC, [(1 << 1) | (1 << 7)])).toBe('EINVAL');
    expect(initialise(['el1-32bit', 'has-el2'])).toBe('EINVAL');
  });
  sentence('3.7', () => {
    const { vcpus: [first, second], vm } = kvmGuest({ vcpus: 2, features: ['psci-0.2', 'pmu-v3'] });
    for (const vcpu of [first, second, vm.createVcpu(2)]) {
      for (const others of [[], ['psci-0.2'], ['pmu-v3'], ['power-off']]) expect(errnoOf(() => { vcpu.initialise(others); }), others.join()).toBe('EINVAL');
      for (const same of [['pmu-v3', 'psci-0.2'], ['psci-0.2', 'pmu-v3', 'power-off']]) expect(errnoOf(() => { vcpu.initialise(same); })).toBe('none');
    }
  });
  sentence('3.7', () => {
    const one = kvmGuest();
    one.vcpu.setRegister('x1', 77n);
    expect(errnoOf(() => { one.vcpu.initialise([]); })).toBe('EINVAL');
    expect(one.vcpu.getRegister('x1')).toBe(77n);
  }, 'a refused one changes nothing');
});

const idOf = (name: string): bigint => (ONE_REGISTER_FACTS as readonly { readonly name: string; readonly id: bigint }[]).find((fact) => fact.name === name)?.id as bigint;
/** Not of the vCPU: of the VM, of the host, or of the moment. */
const LASTING = /^(ID_|MVFR|KVM_REG|P?TIMER_CNT|CTR_EL0|[MR]\w*IDR|AIDR|reserved)/;

describe('the reset', () => {
  sentence('3.8', () => {
    const one = kvmGuest({ features: ['psci-0.2', 'pmu-v3'] });
    const { vcpu } = one;
    vcpu.initialise(['psci-0.2', 'pmu-v3']);
    const facts = ONE_REGISTER_FACTS.filter(({ id, name }) => vcpu.oneRegisters.list().includes(id) && !LASTING.test(name));
    const values = (): Readonly<Record<string, bigint>> => Object.fromEntries(facts.map(({ name, id }) => [name, vcpu.oneRegisters.get(id)]));
    const before = values();
    let changed = 0;
    for (const { id, size, name } of facts) {
      const value = name === 'PSTATE' ? 0x8000_0000n : BigInt.asUintN(8 * size, 0x5a5a_5a5a_5a5a_5a5an);
      if (errnoOf(() => { vcpu.oneRegisters.set(id, value); }) === 'none') changed++;
    }
    expect(changed).toBeGreaterThan(200);
    vcpu.mpState = 'stopped';
    vcpu.initialise(['psci-0.2', 'pmu-v3']);
    expect(values()).toEqual(before);
    const zero = facts.filter(({ name }) => /^(x\d+|SP_EL[01]|PC|V\d+|FP[SC]R|SPSR_\w+|ELR_EL1|DBG[BW]\w+|MDSCR_EL1|VBAR_EL1|CPACR_EL1|P?TIMER_CVAL|PMCNTENSET_EL0)$/.test(name));
    expect(zero.length).toBe(31 + 2 + 1 + 32 + 2 + 5 + 1 + 64 + 3 + 2 + 1);
    for (const { name } of zero) expect(before[name], name).toBe(0n);
    expect(before['PSTATE']).toBe(0x3c5n);
    // RES1 bits, everything off.
    expect(before['SCTLR_EL1']).toBe(0xc5_0078n);
    expect(before['OSLSR_EL1']).toBe(8n);
    expect(vcpu.mpState).toBe('runnable');
    vcpu.initialise(['power-off', 'psci-0.2', 'pmu-v3']);
    expect(vcpu.mpState).toBe('stopped');
  });
  sentence('3.9', () => {
    const one = kvmGuest({ source: 'add x5, x5, #1\n msr tpidr_el1, x5\n str x5, [x0]' });
    for (let n = 0; n < 2; n++) {
      one.vcpu.setRegister('x0', 0x900_0000n);
      expect(runUntil(one.vcpu)).toMatchObject({ kind: 'mmio', write: true });
      expect(one.vcpu.getRegister('TPIDR_EL1')).toBe(1n);
      one.vcpu.initialise(['psci-0.2']);
      expect(one.vcpu.getRegister('x5')).toBe(0n);
      one.vcpu.setRegister('pc', RAM);
    }
  });
  sentence('3.10', () => {
    const one = kvmGuest({ source: 'str x5, [x0]' });
    one.vcpu.setRegister('x0', 0x900_0000n);
    const mapped = (): boolean => one.vmBackend.stage2.lookup(RAM) !== undefined;
    one.vcpu.initialise(['psci-0.2']);
    one.vcpu.setRegister('pc', RAM);
    one.vcpu.setRegister('x0', 0x900_0000n);
    expect(mapped()).toBe(false);
    expect(runUntil(one.vcpu).kind).toBe('mmio');
    expect(mapped()).toBe(true);
    one.vcpu.initialise(['psci-0.2']);
    expect(mapped()).toBe(false);
    one.vcpu.setRegister('pc', RAM);
    one.vcpu.setRegister('x0', 0x900_0000n);
    expect(runUntil(one.vcpu).kind).toBe('mmio');
    expect(mapped()).toBe(true);
  });
});

describe('before it', () => {
  sentence('3.11', () => {
    const one = fresh();
    const { unborn } = one;
    for (const [what, refused] of Object.entries({
      run: () => unborn.run(), get: () => unborn.oneRegisters.get(idOf('x0')), set: () => { unborn.oneRegisters.set(idOf('x0'), 0n); }, list: () => unborn.oneRegisters.list(),
      events: () => getVcpuEvents(unborn), setEvents: () => { setVcpuEvents(unborn, { serrorPending: false }); }, finalise: () => { unborn.finalise('sve'); },
      eventBytes: () => call(one, 'KVM_GET_VCPU_EVENTS', new Uint8Array(64)), newEventBytes: () => call(one, 'KVM_SET_VCPU_EVENTS', new Uint8Array(64)),
      finaliseBytes: () => call(one, 'KVM_ARM_VCPU_FINALIZE', Uint8Array.of(4, 0, 0, 0)),
    })) expect(errnoOf(refused), what).toBe('ENOEXEC');
  });
  sentence('3.12', () => {
    const { unborn } = fresh();
    expect(unborn.mpState).toBe('runnable');
    unborn.mpState = 'stopped';
    expect(unborn.mpState).toBe('stopped');
    expect(errnoOf(() => { unborn.setGuestDebug({ enable: true, singleStep: true }); })).toBe('none');
    for (const refused of [() => { unborn.hasAttribute(99, 0n); }, () => unborn.getAttribute(99, 0n), () => { unborn.setAttribute(99, 0n, new Uint8Array(8)); }]) expect(errnoOf(refused)).toBe('ENXIO');
  });
});

describe('what is finalised', () => {
  sentence('3.13', () => {
    const one = fresh();
    one.unborn.initialise(['psci-0.2']);
    for (const feature of ['sve', 'psci-0.2', 'pmu-v3', 'warp-drive']) expect(errnoOf(() => { one.unborn.finalise(feature); }), feature).toBe('EINVAL');
    for (const bit of [0, 2, 3, 4, 5, 31, 255]) expect(errnoOf(() => call(one, 'KVM_ARM_VCPU_FINALIZE', Uint8Array.of(bit, 0, 0, 0))), `${bit}`).toBe('EINVAL');
  });
});
