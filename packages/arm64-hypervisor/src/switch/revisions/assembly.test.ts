/** What the assembly of 2015 does beside moving contexts, on the model of a processor. */
import { HCR_EL2, MDCR_EL2, REFERENCE_FEATURES, encodeSyndrome, syndromes } from '@worldswitch/arm64-sysreg';
import type { AccessorMode, RegisterName } from '@worldswitch/arm64-sysreg';
import { describe, expect, it } from 'vitest';
import { ModelProcessor } from '../../test/model-processor.ts';
import { roundTrip } from '../../test/round-trip.ts';
import type { RoundTrip, RoundTripOptions } from '../../test/round-trip.ts';
import { GUEST_RAM, lab } from '../../test/lab.ts';
import { BASE_2015 } from './2015-base.ts';
import { DEBUG_PTR } from './debug-ptr.ts';
import { VHE_ALTERNATIVES } from './vhe.ts';
import { PHASES, compose, without } from '../step.ts';

const PAIRS: readonly (readonly [string, AccessorMode])[] = [['2015-base', 'nvhe'], ['debug-ptr', 'nvhe'], ['vhe', 'nvhe'], ['vhe', 'vhe']];

/** Positions of accesses among the rows, for their order. */
function position({ rows }: RoundTrip, phase: string, operation: string, reached: string): number {
  const index = rows.findIndex((row) => row.phase === phase && row.operation === operation && row.reached === reached);
  expect(index, `${operation} of ${reached} in ${phase}`).toBeGreaterThanOrEqual(0);
  return index;
}
const inOrder = (positions: readonly number[]): void => { expect(positions).toEqual([...positions].sort((a, b) => a - b)); };

describe.each(PAIRS)('%s on %s', (revision, mode) => {
  const trip = (options: RoundTripOptions = {}): RoundTrip => roundTrip(revision, mode, options);

  it('has its phases in the order of the facts', () => {
    const one = trip();
    inOrder([
      position(one, 'save-host', 'write', 'TPIDR_EL2'), position(one, 'save-host', 'read', 'SP_EL0'), position(one, 'save-host', 'read', 'MDSCR_EL1'),
      position(one, 'activate-traps', 'write', 'HCR_EL2'), position(one, 'activate-traps', 'write', 'MDCR_EL2'), position(one, 'activate-traps', 'write', 'VTTBR_EL2'),
      position(one, 'activate-traps', 'write', 'CNTHCTL_EL2'), position(one, 'restore-guest', 'write', 'TTBR0_EL1'), position(one, 'restore-guest', 'write', 'ELR_EL2'),
      position(one, 'enter', 'control', 'eret'), position(one, 'exit', 'read', 'ESR_EL2'), position(one, 'exit', 'read', 'TPIDR_EL2'),
      position(one, 'fixup', 'read', 'HPFAR_EL2'), position(one, 'save-guest', 'read', 'SP_EL0'), position(one, 'save-guest', 'read', 'TTBR0_EL1'),
      position(one, 'deactivate-traps', 'read', one.rows.some(({ reached }) => reached === 'CNTV_CTL_EL0') ? 'CNTV_CTL_EL0' : 'CNTHV_CTL_EL2'),
      position(one, 'deactivate-traps', 'write', 'HCR_EL2'), position(one, 'deactivate-traps', 'write', 'VTTBR_EL2'), position(one, 'restore-host', 'write', 'TPIDR_EL0'),
    ]);
  });

  it('lets the guest have its registers and the host its own back', () => {
    const own: Readonly<Partial<Record<RegisterName, bigint>>> = { TPIDR_EL1: 0x11n, TPIDR_EL0: 0x12n, TPIDRRO_EL0: 0x13n, ACTLR_EL1: 0x14n, SP_EL0: 0x15n, MDSCR_EL1: 0x1000n };
    const { processor, inside, vcpu, host } = trip({
      prepare: (r) => {
        for (const [name, value] of Object.entries(own)) {
          r.processor.registers.set(name, value);
          r.vcpu.context.set(name, 0x99n);
        }
        r.vcpu.context.set('SCTLR_EL1', 0x3050_1835n);
      },
    });
    for (const [name, value] of Object.entries(own)) {
      expect(inside(name as RegisterName), name).toBe(0x99n);
      expect(vcpu.context.get(name), name).toBe(0x99n);
      expect(processor.registers.get(name), name).toBe(value);
    }
    expect(inside('SCTLR_EL1')).toBe(0x3050_1835n);
    expect(processor.registers.get('HCR_EL2')).toBe(host.constants.hcr);
    expect(processor.registers.get('VTTBR_EL2')).toBe(0n);
    expect(processor.registers.get('VBAR_EL2')).toBe(mode === 'vhe' ? host.constants.hostVectors : host.constants.hypVectors);
    expect(processor.el).toBe(mode === 'vhe' ? 2 : 1);
  });

  it('traps trace in the format of the mode, and not floating point, which it moves with every round', () => {
    const { inside, processor } = trip({
      prepare: (r) => {
        r.processor.vectors[3] = 0x33n;
        r.vcpu.context.set('v3', 0x77n);
      },
    });
    const cptr = inside('CPTR_EL2') ?? 0n;
    // TTA is bit 28 with E2H, bit 20 without; FPEN 21:20 and TFP 10 (DDI 0487 CPTR_EL2).
    expect(mode === 'vhe' ? [(cptr >> 28n) & 1n, (cptr >> 20n) & 3n] : [(cptr >> 20n) & 1n, (cptr >> 10n) & 1n]).toEqual(mode === 'vhe' ? [1n, 3n] : [1n, 0n]);
    expect(processor.vectors[3]).toBe(0x33n);
  });

  it('keeps the counters that the host has for itself, in both worlds', () => {
    const processor = new ModelProcessor();
    processor.registers.set('MDCR_EL2', 5n);
    const { inside, processor: after } = trip({ processor, prepare: (r) => { r.vcpu.state.set('mdcr', 5n | MDCR_EL2.mask('TPM') | MDCR_EL2.mask('TDA')); } });
    const mdcr = inside('MDCR_EL2') ?? 0n;
    expect([mdcr & 31n, mdcr & MDCR_EL2.mask('TPM')]).toEqual([5n, MDCR_EL2.mask('TPM')]);
    expect(after.get('MDCR_EL2')).toBe(5n);
  });

  it('clears the whole flag word, and only when debug registers were switched', () => {
    expect(trip({ dirty: true, prepare: (r) => { r.vcpu.state.set('debug-flags', 0x11n); } }).vcpu.state.get('debug-flags')).toBe(0n);
    expect(trip({ prepare: (r) => { r.vcpu.state.set('debug-flags', 0x10n); } }).vcpu.state.get('debug-flags')).toBe(0x10n);
  });

  it('gives a guest with debug events enabled its debug registers from its first instruction, and the host its own back', () => {
    const { inside, processor, vcpu } = trip({
      prepare: (r) => {
        r.processor.registers.set('DBGBVR2_EL1', 0x1234n);
        r.vcpu.context.set('MDSCR_EL1', 0x8000n);
        r.vcpu.setDebugRegister('bvr', 2, 0x5678n);
      },
    });
    expect(inside('DBGBVR2_EL1')).toBe(0x5678n);
    expect(processor.get('DBGBVR2_EL1')).toBe(0x1234n);
    expect(vcpu.debugRegister('bvr', 2)).toBe(0x5678n);
  });

  describe('the virtual timer', () => {
    const control = mode === 'vhe' ? 'CNTV_CTL_EL02' : 'CNTV_CTL_EL0';
    it('is the guest\'s during the run, enabled behind a barrier when its value is there, and off in the host', () => {
      const { inside, processor, vcpu, rows } = trip({
        prepare: (r) => {
          r.vcpu.state.set('cntv-ctl', 7n);
          r.vcpu.state.set('cntv-cval', 0x1234n);
          r.vcpu.state.set('cntvoff', 0x99n);
        },
      });
      expect([inside('CNTV_CTL_EL0'), inside('CNTV_CVAL_EL0'), inside('CNTVOFF_EL2')]).toEqual([3n, 0x1234n, 0x99n]);
      expect([processor.get('CNTV_CTL_EL0') & 1n, processor.get('CNTVOFF_EL2')]).toEqual([0n, mode === 'vhe' ? 0x99n : 0n]);
      expect([vcpu.state.get('cntv-ctl'), vcpu.state.get('cntv-cval')]).toEqual([3n, 0x1234n]);
      for (const step of ['timer-restore', 'timer-save']) {
        const own = rows.filter((row) => row.step === step).map(({ operation, written }) => `${operation} ${written}`);
        const barrier = own.indexOf('barrier isb');
        expect(barrier).toBeGreaterThan(own.findIndex((text) => text === (step === 'timer-save' ? `write ${control}` : `write ${control.replace('CTL', 'CVAL')}`)));
        expect(barrier).toBeLessThan(own.findIndex((text) => text === (step === 'timer-save' ? `read ${control.replace('CTL', 'CVAL')}` : `write ${control}`)));
      }
    });
    it('of a VM without one is left alone; the physical timer traps all the same', () => {
      const { rows, inside } = trip({ prepare: (r) => { r.vcpu.state.set('timer-enabled', 0n); } });
      expect(rows.filter(({ reached }) => /^CNTH?V_/.test(reached))).toEqual([]);
      const cnthctl = inside('CNTHCTL_EL2') ?? 0n;
      expect(mode === 'vhe' ? (cnthctl >> 10n) & 3n : cnthctl & 3n).toBe(1n);
    });
  });

  it('asks the vectors\' register who ran, and panics when it is somebody else', () => {
    const wrong = without({ '2015-base': BASE_2015, 'debug-ptr': DEBUG_PTR, 'vhe': VHE_ALTERNATIVES }[revision] ?? BASE_2015, 'vcpu-pointer');
    expect(roundTrip(wrong, mode).panic).toMatchObject({ step: 'trap-vector', why: expect.stringMatching(/the vectors found vCPU/) as string });
  });

  it('moves nothing of AArch32 for a 64-bit guest, and all of it for a 32-bit one', () => {
    const banked = ['SPSR_abt', 'SPSR_und', 'SPSR_irq', 'SPSR_fiq', 'DACR32_EL2', 'IFSR32_EL2', 'FPEXC32_EL2'] as const;
    const narrow = (dirty: boolean): RoundTrip => trip({
      dirty, processor: new ModelProcessor(new Set([...REFERENCE_FEATURES, 'FEAT_AA32', 'FEAT_AA32EL1'])),
      prepare: (r) => {
        r.vcpu.state.set('hcr', r.vcpu.state.get('hcr') & ~HCR_EL2.mask('RW'));
        for (const [n, name] of [...banked, 'DBGVCR32_EL2'].entries()) r.vcpu.context.set(name, BigInt(0x40 + n));
      },
    });
    const { inside, rows, vcpu } = narrow(false);
    for (const [n, name] of banked.entries()) expect([inside(name), vcpu.context.get(name)], name).toEqual([BigInt(0x40 + n), BigInt(0x40 + n)]);
    expect(rows.filter(({ reached }) => reached === 'DBGVCR32_EL2')).toEqual([]);
    expect(narrow(true).inside('DBGVCR32_EL2')).toBe(0x47n);
    const wide = trip().rows.map(({ reached }) => reached);
    for (const name of banked) expect(wide, name).not.toContain(name);
  });
});

describe('the trap path', () => {
  const FAR = 0xffff_0000_1234_5678n;
  const PAR = 'PAR_EL1';
  /** A permission fault of the guest, with HPFAR_EL2 left over from something else. */
  const permission = (p: ModelProcessor): undefined => p.take(syndromes.dataAbort({ lower: true, dfsc: 0b001111, write: true }), 0n, { far: FAR, hpfar: 0xdead0n });

  it('stores the three fault registers for every trap, also for one that has no address', () => {
    const { rows } = roundTrip('2015-base', 'nvhe', { prepare: (r) => { r.processor.registers.set('FAR_EL2', 0x1111n); } });
    expect(rows.filter(({ phase, operation }) => phase === 'fixup' && operation === 'read').map(({ reached }) => reached)).toEqual(['HPFAR_EL2', 'FAR_EL2']);
  });
  it('translates again after a permission fault, with the guest\'s PAR_EL1 put back', () => {
    const one = lab('nvhe', { revision: '2015-base' });
    one.vcpu.setRegister(PAR, 0x55n);
    const exit = one.run(permission);
    // The model translates every address to itself, and there is no memory of the guest there.
    expect(exit).toMatchObject({ kind: 'internal-error', detail: { esr: encodeSyndrome(syndromes.dataAbort({ lower: true, dfsc: 0b001111, write: true })), far: FAR, ipa: (FAR & 0xffff_ffff_f000n) | 0x678n } });
    expect(one.vcpu.getRegister(PAR)).toBe(0x55n);
  });
  it('goes back to the guest, whose registers were never touched, when there is no translation any more', () => {
    const one = lab('nvhe', { revision: '2015-base' });
    const execute = one.processor.port.execute.bind(one.processor.port);
    one.processor.port.execute = (instruction) => {
      const verdict = execute(instruction);
      if (instruction.op === 'at') one.processor.registers.set(PAR, 1n);
      return verdict;
    };
    const seen: bigint[] = [];
    one.run((p) => {
      p.x[7] = 0x77n;
      return permission(p);
    }, (p) => {
      seen.push(p.pc, p.x[7]);
      return p.call(0x8400_0008n);
    });
    expect(seen).toEqual([GUEST_RAM, 0x77n]);
  });
  it('knows the host\'s call from a guest\'s by VTTBR_EL2', () => {
    const { rows } = roundTrip('2015-base', 'nvhe');
    expect(rows.find(({ phase, reached }) => phase === 'exit' && reached === 'VTTBR_EL2')?.before).not.toBe(0n);
  });
});

describe('the three of them', () => {
  it('compose in each of their modes, without anything to load or put', () => {
    for (const revision of [BASE_2015, DEBUG_PTR, VHE_ALTERNATIVES]) {
      for (const mode of revision.modes) expect(new Set(compose(revision, mode).map(({ phase }) => phase))).toEqual(new Set(PHASES.filter((phase) => phase !== 'load' && phase !== 'put')));
    }
  });
});
