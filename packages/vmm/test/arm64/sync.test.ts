/** The state of an arm64 vCPU, to the kernel and back: against a kernel that only keeps registers, in whatever state. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CORE_REGISTERS, STATE_KNOWLEDGE, createCpuState, idOfName, isAarch64, setProcessorState } from '@worldswitch/arm64-hypervisor/vmm';
import type { Arm64CpuState, CpuStateOptions } from '@worldswitch/arm64-hypervisor/vmm';
import { VcpuSync, registerSize, registersOfBytes } from '@worldswitch/vmm';
import { FakeKernel } from '../../src/test/fake-kernel.ts';
import type { FakeKernelOptions } from '../../src/test/fake-kernel.ts';

const SCTLR = idOfName('SCTLR_EL1');
const ESR = idOfName('ESR_EL1');
const MIDR = idOfName('MIDR_EL1');
const TIMER_CNT = 0x6030_0000_0013_df1an;
const CCSIDR = 0x6020_0000_0011_0001n;
/** A system register that no manual of ours has: another kernel's. */
const STRANGE = 0x6030_0000_0013_ffffn;
const LIST = [SCTLR, ESR, MIDR, TIMER_CNT, CCSIDR, STRANGE];

interface Bench {
  readonly kernel: FakeKernel;
  readonly state: Arm64CpuState;
  readonly sync: VcpuSync<Arm64CpuState>;
}

function bench(registers: ReadonlyMap<bigint, bigint> = new Map(), { state: stateOptions, ...options }: FakeKernelOptions & { readonly state?: CpuStateOptions } = {}): Bench {
  const kernel = new FakeKernel({ list: [...CORE_REGISTERS.map(({ id }) => id), ...LIST], registers, ...options });
  const { vcpu } = kernel.vcpu();
  const state = createCpuState(stateOptions);
  const sync = new VcpuSync(vcpu, state, STATE_KNOWLEDGE);
  kernel.calls.length = 0;
  return { kernel, state, sync };
}
const named = (calls: readonly string[]): string[] => calls.map((call) => call.replace(/0x[0-9a-f]+/, (id) => STATE_KNOWLEDGE.nameOf(BigInt(id))));
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const half = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n });
/** Any value for every register, but PSTATE. */
const anyRegisters = fc.tuple(...[...CORE_REGISTERS.map(({ id }) => id), ...LIST].map((id) => {
  const size = registerSize(id) * 8;
  return fc.bigInt({ min: 0n, max: (1n << BigInt(size)) - 1n }).map((value): [bigint, bigint] => [id, value]);
})).map((entries) => new Map(entries));
const PSTATE = idOfName('PSTATE');
const MODES64 = [0n, 4n, 5n] as const;
/** Modes of AArch32, and the X registers of R8 to R14 in each (DDI 0487 D1, "Mapping of the general-purpose registers between the Execution states"). */
const MODES32: readonly (readonly [name: string, mode: bigint, x: readonly number[], spsr: string | undefined])[] = [
  ['usr', 0x10n, [8, 9, 10, 11, 12, 13, 14], undefined], ['fiq', 0x11n, [24, 25, 26, 27, 28, 29, 30], 'SPSR_fiq'], ['irq', 0x12n, [8, 9, 10, 11, 12, 17, 16], 'SPSR_irq'],
  ['svc', 0x13n, [8, 9, 10, 11, 12, 19, 18], 'SPSR_EL1'], ['abt', 0x17n, [8, 9, 10, 11, 12, 21, 20], 'SPSR_abt'], ['und', 0x1bn, [8, 9, 10, 11, 12, 23, 22], 'SPSR_und'],
  ['sys', 0x1fn, [8, 9, 10, 11, 12, 13, 14], undefined],
];
/** Flags of either state beside the mode. */
const flags = half.map((value) => value & ~0x1fn);

describe('the order', () => {
  const core = [...range(0, 30).map((n) => `x${n}`), 'SP_EL0', 'SP_EL1', 'PSTATE', 'PC', 'ELR_EL1', 'SPSR_EL1', 'SPSR_abt', 'SPSR_und', 'SPSR_irq', 'SPSR_fiq', ...range(0, 31).map((n) => `V${n}`), 'FPSR', 'FPCR'];
  const list = ['CCSIDR_EL1 of CSSELR 1', 'MIDR_EL1', 'SCTLR_EL1', 'ESR_EL1', 'TIMER_CNT', 'S3_7_C15_C15_7'];

  it('of get: core registers, the list, the MP state', () => {
    const { kernel, sync } = bench();
    sync.get();
    expect(named(kernel.calls)).toEqual([...core, ...list].map((name) => `get ${name}`).concat('get-mp-state'));
  });

  it('of put: the same, without the clock unless everything is put', () => {
    const { kernel, sync } = bench();
    sync.put('full');
    expect(named(kernel.calls)).toEqual([...core, ...list].map((name) => `set ${name}`).concat('mp-state runnable'));
    kernel.calls.length = 0;
    sync.put('reset');
    expect(named(kernel.calls)).not.toContain('set TIMER_CNT');
    expect(kernel.calls).toHaveLength(core.length + list.length - 1 + 1);
  });
});

describe('identity (property)', () => {
  it('get and put leave a kernel in AArch64 as it was, whatever is in it', () => {
    fc.assert(fc.property(anyRegisters, fc.constantFrom(...MODES64), flags, word, (registers, mode, bits, high) => {
      // The upper half of PSTATE is kept as well: SPSR_ELx has bits there by now.
      registers.set(PSTATE, (high << 32n) & ((1n << 64n) - 1n) | bits | mode);
      const { kernel, sync } = bench(registers);
      sync.get();
      kernel.registers.forEach((_, id) => kernel.registers.set(id, 0n));
      sync.put('full');
      expect(kernel.registers).toEqual(registers);
    }), { numRuns: 50 });
  });

  it.each(MODES32)('and in AArch32 mode %s, where registers have 32 bits', (_, mode, view) => {
    fc.assert(fc.property(anyRegisters, flags, (registers, bits) => {
      registers.set(PSTATE, bits | mode);
      for (const n of [...range(0, 7), ...view]) registers.set(idOfName(`x${n}`), BigInt.asUintN(32, registers.get(idOfName(`x${n}`))!));
      registers.set(idOfName('PC'), BigInt.asUintN(32, registers.get(idOfName('PC'))!));
      const { kernel, sync } = bench(registers);
      sync.get();
      kernel.registers.forEach((__, id) => kernel.registers.set(id, 0n));
      sync.put('full');
      // Also of those that this mode does not see: a 32-bit process of a 64-bit kernel has that kernel's values in them.
      expect(kernel.registers).toEqual(registers);
    }), { numRuns: 20 });
  });

  it('put and get give another VMM the same processor', () => {
    fc.assert(fc.property(anyRegisters, fc.constantFrom(...MODES64, ...MODES32.map(([, mode]) => mode)), flags, (registers, mode, bits) => {
      registers.set(PSTATE, bits | mode);
      const one = bench(registers);
      one.sync.get();
      one.sync.put('full');
      const two = bench(one.kernel.registers);
      two.sync.get();
      expect(two.state).toEqual(one.state);
    }), { numRuns: 50 });
  });

  it('whatever a VMM makes of a processor is what another VMM gets', () => {
    const doublewords = (count: number): fc.Arbitrary<bigint[]> => fc.array(word, { minLength: count, maxLength: count });
    const random = fc.record({
      mode: fc.constantFrom(...MODES64, ...MODES32.map(([, mode]) => mode)), bits: flags, x: doublewords(31), spsrBanks: doublewords(5), vectors: doublewords(64), r: fc.array(half, { minLength: 16, maxLength: 16 }),
      wide: doublewords(5), spsr: word, fpsr: half, fpcr: half, mpState: fc.constantFrom('runnable' as const, 'stopped' as const),
    });
    fc.assert(fc.property(random, ({ mode, bits, x, spsrBanks, vectors, r, wide: [sp, spEl0, spEl1, pc, elrEl1], spsr, fpsr, fpcr, mpState }) => {
      const { state, sync, kernel } = bench();
      sync.get();
      state.x.set(x);
      state.spsrBanks.set(spsrBanks, 1);
      state.vectors.set(vectors);
      Object.assign(state, { pstate: bits | mode, pc, spEl0, spEl1, elrEl1, fpsr, fpcr, mpState });
      if (isAarch64(state)) state.sp = sp;
      else {
        state.r.set(r.map(Number));
        if (mode !== 0x10n && mode !== 0x1fn) state.spsr = spsr;
      }
      sync.put('full');
      const made = structuredClone(state);
      const other = bench(kernel.registers);
      other.kernel.mpState = mpState;
      other.sync.get();
      expect(other.state).toEqual(made);
      if (isAarch64(made)) expect(made.sp).toBe(sp);
      else expect([...made.r]).toEqual(r.map(Number));
    }), { numRuns: 100 });
  });

  it('on a big-endian host, whose vectors begin with their high half', () => {
    fc.assert(fc.property(anyRegisters, (registers) => {
      registers.set(PSTATE, 5n);
      const memory = new Map<bigint, Uint8Array>();
      for (const [id, value] of registers) {
        const size = registerSize(id);
        const digits = value.toString(16).padStart(2 * size, '0');
        memory.set(id, Uint8Array.from({ length: size }, (_, n) => parseInt(digits.slice(2 * n, 2 * n + 2), 16)));
      }
      const before = structuredClone(memory);
      const oneRegisters = registersOfBytes({
        list: () => [...memory.keys()], get: (id, bytes) => { bytes.set(memory.get(id)!); }, set: (id, bytes) => { memory.set(id, bytes.slice()); },
      }, 'big');
      const state = createCpuState();
      const sync = new VcpuSync({ oneRegisters, mpState: 'runnable', setLine: () => undefined, deviceLines: {} }, state, STATE_KNOWLEDGE);
      sync.get();
      expect((state.vectors[7] << 64n) | state.vectors[6]).toBe(registers.get(idOfName('V3')));
      memory.forEach((bytes) => bytes.fill(0));
      sync.put('full');
      expect(memory).toEqual(before);
    }), { numRuns: 30 });
  });
});

describe('AArch64', () => {
  it.each([['EL1h', 5n, 'SP_EL1', 'SP_EL0'], ['EL1t', 4n, 'SP_EL0', 'SP_EL1'], ['EL0t', 0n, 'SP_EL0', 'SP_EL1']] as const)('at %s the stack pointer in use is %s', (_, mode, used, other) => {
    const { kernel, state, sync } = bench(new Map([[PSTATE, mode], [idOfName('SP_EL0'), 0x1000n], [idOfName('SP_EL1'), 0x2000n]]));
    sync.get();
    expect(isAarch64(state)).toBe(true);
    expect(state.sp).toBe(kernel.registers.get(idOfName(used)));
    state.sp = 0x3000n;
    const kept = kernel.registers.get(idOfName(other));
    sync.put('runtime');
    expect(kernel.registers.get(idOfName(used))).toBe(0x3000n);
    expect(kernel.registers.get(idOfName(other))).toBe(kept);
  });

  it('another PSTATE brings the other stack pointer, and keeps the first', () => {
    const { state, sync } = bench(new Map([[PSTATE, 0x3c4n], [idOfName('SP_EL0'), 0x1000n], [idOfName('SP_EL1'), 0x2000n]]));
    sync.get();
    state.sp = 0x1008n;
    setProcessorState(state, 0x3c5n);
    expect([state.sp, state.spEl0, state.spEl1]).toEqual([0x2000n, 0x1008n, 0x2000n]);
  });

  it('at EL2 neither stack pointer is touched', () => {
    const { state, sync } = bench(new Map([[PSTATE, 9n], [idOfName('SP_EL0'), 0x1000n], [idOfName('SP_EL1'), 0x2000n]]));
    sync.get();
    state.sp = 0x3000n;
    sync.put('runtime');
    expect([state.spEl0, state.spEl1]).toEqual([0x1000n, 0x2000n]);
  });
});

describe('AArch32', () => {
  it.each(MODES32)('in mode %s shows the registers of the mode, and writes them where they belong', (_, mode, view, spsrName) => {
    const registers = new Map<bigint, bigint>([[PSTATE, 0x1d0n | mode], [idOfName('PC'), 0x8000n], ...range(0, 30).map((n): [bigint, bigint] => [idOfName(`x${n}`), BigInt(0x100 + n)])]);
    for (const [n, name] of ['SPSR_EL1', 'SPSR_abt', 'SPSR_und', 'SPSR_irq', 'SPSR_fiq'].entries()) registers.set(idOfName(name), BigInt(0x600 + n));
    const { kernel, state, sync } = bench(registers);
    sync.get();
    expect(isAarch64(state)).toBe(false);
    expect([...state.r]).toEqual([...range(0, 7), ...view].map((x) => 0x100 + x).concat(0x8000));
    if (spsrName !== undefined) expect(state.spsr).toBe(registers.get(idOfName(spsrName)));
    state.r.set(range(0, 15).map((n) => 0x8000_0000 + n));
    state.spsr = 0x77n;
    sync.put('runtime');
    const changed = [...kernel.registers].filter(([id, value]) => value !== (registers.get(id) ?? 0n)).map(([id, value]) => [STATE_KNOWLEDGE.nameOf(id), value]);
    const expected = [...range(0, 7), ...view].map((x, n): [string, bigint] => [`x${x}`, 0x8000_0000n + BigInt(n)]);
    const byName = (a: readonly [string, bigint], b: readonly [string, bigint]): number => (a[0] < b[0] ? -1 : 1);
    expect((changed as [string, bigint][]).sort(byName)).toEqual([...expected, ['PC', 0x8000_000fn] as [string, bigint], ...(spsrName === undefined ? [] : [[spsrName, 0x77n] as [string, bigint]])].sort(byName));
  });

  it('another mode sees its own registers, and the first keeps its own', () => {
    const { state } = bench();
    state.pstate = 0x13n;
    state.r.set(range(0, 15));
    state.spsr = 0x10n;
    setProcessorState(state, 0x11n);
    expect([...state.r]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 15]);
    state.r[13] = 99;
    setProcessorState(state, 0x13n);
    expect([[...state.r], state.spsr, state.x[29]]).toEqual([range(0, 15), 0x10n, 99n]);
    expect(() => { setProcessorState(state, 0x16n); }).toThrow(/^EINVAL: CPSR.M 0x16/);
    expect(state.pstate).toBe(0x13n);
  });

  it('a mode that no guest can be in is refused before anything of it is believed', () => {
    const { state, sync } = bench(new Map([[PSTATE, 0x16n]]));
    expect(() => sync.get()).toThrow(/^EINVAL: getting PSTATE \(0x6030000000100042\): CPSR.M 0x16/);
    expect(state.pstate).toBe(0n);
  });
});

describe('the list', () => {
  it('does not set the guest\'s clock back while it runs', () => {
    const rewound = (level: (id: bigint) => 'runtime' | 'full'): boolean => {
      const kernel = new FakeKernel({ list: [...CORE_REGISTERS.map(({ id }) => id), TIMER_CNT] });
      const { vcpu } = kernel.vcpu();
      const sync = new VcpuSync(vcpu, createCpuState(), { ...STATE_KNOWLEDGE, level });
      kernel.registers.set(TIMER_CNT, 1000n);
      sync.get();
      // Time goes on while the VMM looks at its copy.
      kernel.registers.set(TIMER_CNT, 1500n);
      sync.put('runtime');
      return kernel.registers.get(TIMER_CNT) === 1000n;
    };
    expect(rewound((id) => STATE_KNOWLEDGE.level(id))).toBe(false);
    // What would happen without the level.
    expect(rewound(() => 'runtime')).toBe(true);
  });

  it('keeps and writes back what the VMM does not know', () => {
    const { kernel, state, sync } = bench(new Map([[STRANGE, 0xabcdn], [CCSIDR, 0x700f_e01an]]));
    sync.get();
    expect([...state.system.keys()].sort()).toEqual(['ESR_EL1', 'MIDR_EL1', 'SCTLR_EL1']);
    kernel.registers.set(STRANGE, 0n).set(CCSIDR, 0n);
    sync.put('runtime');
    expect([kernel.registers.get(STRANGE), kernel.registers.get(CCSIDR)]).toEqual([0xabcdn, 0x700f_e01an]);
  });

  it('takes what the VMM changed of what it knows, but not its model\'s constants', () => {
    const { kernel, state, sync } = bench(new Map([[MIDR, 0x410f_d083n], [ESR, 1n]]), { invariant: new Set([MIDR]), state: { constants: new Map([['MIDR_EL1', 0x411f_d070n]]) } });
    sync.get();
    state.system.set('ESR_EL1', 0xf200_0000n);
    sync.put('runtime');
    expect([kernel.registers.get(ESR), kernel.registers.get(MIDR)]).toEqual([0xf200_0000n, 0x410f_d083n]);
  });

  it('refuses a vCPU with SVE, whose registers are wider', () => {
    const kernel = new FakeKernel({ list: [SCTLR, 0x6080_0000_0015_0000n] });
    expect(() => new VcpuSync(kernel.vcpu().vcpu, createCpuState(), STATE_KNOWLEDGE)).toThrow(/^EINVAL: register 0x6080000000150000 \(0x6080000000150000\), 256 bytes/);
  });
});

describe('a refusal anywhere', () => {
  it.each(CORE_REGISTERS.map(({ name, id }, index) => [name, id, index] as const))('at %s names it, and ends there', (name, id, index) => {
    const { kernel, sync } = bench();
    const hex = `0x${id.toString(16)}`;
    kernel.refusals.set(`set ${hex}`, 'EPERM').set(`get ${hex}`, 'ENOENT');
    expect(() => sync.put('runtime')).toThrow(`EPERM: setting ${name} (${hex})`);
    expect(kernel.calls).toHaveLength(index + 1);
    expect(() => sync.get()).toThrow(`ENOENT: getting ${name} (${hex})`);
    expect(kernel.calls).toHaveLength(2 * (index + 1));
  });
});
