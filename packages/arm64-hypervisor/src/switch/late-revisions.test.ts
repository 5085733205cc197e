/** The switches of 6.1 and 6.14: what a round trip moves (counted from the original code by hand), in what order, and what it does when it cannot. */
import { HCR_EL2, REFERENCE_FEATURES } from '@worldswitch/arm64-sysreg';
import type { AccessorMode, RegisterName } from '@worldswitch/arm64-sysreg';
import { Ledger, summarise } from '@worldswitch/hypervisor';
import type { LedgerRow } from '@worldswitch/hypervisor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VcpuMemory } from '../guest/vcpu-memory.ts';
import { Host } from '../host/host.ts';
import { MODEL_LAYOUT, MODEL_RAM, ModelProcessor, NO_INTERRUPTS } from '../test/model-processor.ts';
import { LOAD_PUT } from './revisions/load-put.ts';
import { OWNER } from './revisions/owner.ts';
import type { Revision } from './step.ts';
import { WorldSwitch } from './world.ts';

interface Lab {
  readonly processor: ModelProcessor;
  readonly host: Host;
  readonly world: WorldSwitch;
  readonly vcpu: VcpuMemory;
}

const GUEST_HCR = HCR_EL2.encode({ RW: 1, VM: 1 });

function made(revision: Revision, mode: AccessorMode, identification: Partial<Record<RegisterName, bigint>> = {}, features = REFERENCE_FEATURES): Lab {
  const processor = new ModelProcessor(features);
  for (const [name, value] of Object.entries(identification)) processor.registers.set(name, value);
  const host = new Host(processor, { mode, layout: MODEL_LAYOUT, interrupts: NO_INTERRUPTS }, { contextLayout: revision.layout, ownCallVectors: true });
  const world = new WorldSwitch(host, revision);
  const vcpu = new VcpuMemory(0, host.pages.allocate(), processor.memory, 'little', { context: revision.layout, kernelBase: host.kernelBase });
  vcpu.state.set('hcr', GUEST_HCR | (mode === 'vhe' ? HCR_EL2.mask('E2H') : 0n));
  vcpu.state.set('vttbr', 0x1_0000_4000_0000n);
  vcpu.context.set('PC', MODEL_RAM + 0x40_0000n);
  vcpu.context.set('PSTATE', 0x3c5n);
  return { processor, host, world, vcpu };
}

interface Round {
  readonly rows: readonly LedgerRow[];
  /** Registers while the guest ran. */
  readonly inside: ReadonlyMap<string, bigint>;
}

/** Load, one entry, one HVC, the exit, put. */
function round({ processor, host, world, vcpu }: Lab): Round {
  let inside: ReadonlyMap<string, bigint> = new Map();
  processor.guest = (p) => {
    inside = new Map(p.registers);
    return p.call(0x8400_0000n);
  };
  const ledger = new Ledger();
  host.code.ledger = ledger;
  expect(world.load(vcpu)).toBeUndefined();
  expect(world.enter(vcpu)).toBeUndefined();
  const stop = processor.run();
  expect(world.leave(vcpu, stop.kind === 'hosted' ? stop.at : 0n)).toMatchObject({ kind: 'exit', exit: { code: 'sync' } });
  expect(world.put(vcpu)).toBeUndefined();
  host.code.ledger = undefined;
  return { rows: ledger.rows, inside };
}

const OUTSIDE: readonly string[] = ['load', 'put'];
const run = (rows: readonly LedgerRow[]): readonly LedgerRow[] => rows.filter(({ phase }) => !OUTSIDE.includes(phase));
const counts = (rows: readonly LedgerRow[], phase: string, ...kinds: readonly string[]): readonly [number, number] => {
  const { reads, writes } = summarise(rows.filter((row) => row.phase === phase && (kinds.length === 0 || kinds.includes(row.kind))));
  return [reads, writes];
};
const moves = (rows: readonly LedgerRow[], kind: string): number => {
  const { reads, writes } = summarise(rows.filter((row) => row.kind === kind));
  return reads + writes;
};
const PAIRS = [[LOAD_PUT, 'nvhe'], [LOAD_PUT, 'vhe'], [OWNER, 'nvhe'], [OWNER, 'vhe']] as const;
/** A revision with an access in one of its steps that does not exist: SVE's control on a core without it. */
function broken(revision: Revision, id: string): Revision {
  return { ...revision, steps: revision.steps.map((step) => (step.id !== id ? step : { ...step, run: (c) => { step.run(c); c.code.read('ZCR_EL2'); } })) };
}
const WITH_RAS = { ID_AA64PFR0_EL1: 0x1000_0111n } as const;

describe.each(PAIRS.map(([revision, mode]) => [revision.name, mode, revision] as const))('a round trip of %s, %s', (name, mode, revision) => {
  const vhe = mode === 'vhe';

  it('moves 106 context registers without VHE, 12 with it', () => {
    const { rows } = round(made(revision, mode));
    expect(moves(run(rows), 'context')).toBe(vhe ? 12 : 106);
    expect(moves(rows, 'debug')).toBe(0);
    expect(moves(rows, 'id')).toBe(0);
  });

  // VDISR_EL2 goes with ELR and SPSR: of the guest with VHE, of both worlds without.
  it('moves VDISR_EL2 too where there is RAS: 110 and 14', () => {
    const { rows } = round(made(revision, mode, WITH_RAS));
    expect(moves(run(rows), 'context')).toBe(vhe ? 14 : 110);
    expect(run(rows).filter(({ reached, kind }) => kind === 'context' && reached === 'VDISR_EL2').map(({ operation, owner }) => `${owner} ${operation}`).sort())
      .toEqual(vhe ? ['guest read', 'guest write'] : ['guest read', 'guest write', 'host read', 'host write']);
  });

  it('reads and writes in each phase what the facts count', () => {
    const { rows } = round(made(revision, mode));
    const stage2PerRun = !(vhe && name === 'owner');
    expect(counts(rows, 'save-host', 'context')).toEqual(vhe ? [1, 0] : [25, 0]);
    expect(counts(rows, 'activate-traps', 'trap-control')).toEqual(vhe ? [1, 3] : [2, 7]);
    expect(counts(rows, 'activate-traps', 'stage2')).toEqual([0, stage2PerRun ? 2 : 0]);
    expect(counts(rows, 'activate-traps', 'timer')).toEqual(vhe ? [0, 0] : [1, 1]);
    expect(counts(rows, 'restore-guest')).toEqual([0, vhe ? 3 : 26]);
    expect(counts(rows, 'enter')).toEqual([2, 1]);
    expect(counts(rows, 'exit', 'vector')).toEqual([3, 0]);
    expect(counts(rows, 'exit', 'context')).toEqual([1, 1]);
    expect(counts(rows, 'fixup')).toEqual([2, 0]);
    expect(counts(rows, 'save-guest')).toEqual(vhe ? [2, 0] : [24, 0]);
    expect(counts(rows, 'deactivate-traps', 'timer')).toEqual(vhe ? [0, 0] : [1, 1]);
    expect(counts(rows, 'deactivate-traps', 'trap-control')).toEqual(vhe ? [0, 3] : [0, 6]);
    expect(counts(rows, 'deactivate-traps', 'stage2')).toEqual([0, vhe ? 0 : 1]);
    expect(counts(rows, 'restore-host', 'context')).toEqual(vhe ? [0, 1] : [0, 26]);
    // Load and put: with VHE the host's two thread registers, the guest's 23 and 22, and the traps that concern EL1 only.
    expect(counts(rows, 'load', 'context')).toEqual(vhe ? [2, 23] : [0, 0]);
    expect(counts(rows, 'load', 'trap-control')).toEqual(vhe ? [2, 4] : [0, 0]);
    expect(counts(rows, 'put', 'context')).toEqual(vhe ? [22, 2] : [0, 0]);
    expect(counts(rows, 'put', 'trap-control')).toEqual(vhe ? [0, 3] : [0, 0]);
  });

  it('gives the guest its registers, takes them back, and leaves the host its own', () => {
    const lab = made(revision, mode);
    const own = { TPIDR_EL1: 0x11n, TPIDR_EL0: 0x12n, TPIDRRO_EL0: 0x13n, MDSCR_EL1: 0x1000n, SP_EL0: 0x14n } as const;
    for (const [register, value] of Object.entries(own)) lab.processor.registers.set(register, value);
    const guest = { ...own, SCTLR_EL1: 0x30d0_0800n, TTBR0_EL1: 0x7000n, SP_EL1: 0x8000n, PAR_EL1: 0x9000n, CSSELR_EL1: 2n, VMPIDR_EL2: 0x8000_0003n };
    for (const register of Object.keys(guest)) lab.vcpu.context.set(register, 0x99n);
    const before = new Map(lab.processor.registers);
    const { inside } = round(lab);
    for (const register of Object.keys(guest)) {
      expect(inside.get(register), register).toBe(0x99n);
      expect(lab.vcpu.context.get(register), register).toBe(0x99n);
    }
    for (const [register, value] of Object.entries(own)) if (!vhe || register !== 'TPIDR_EL1') expect(lab.processor.registers.get(register), register).toBe(value);
    if (!vhe) for (const register of ['SCTLR_EL1', 'TTBR0_EL1', 'SP_EL1', 'VMPIDR_EL2']) expect(lab.processor.registers.get(register), register).toBe(before.get(register));
    expect(inside.get('VTTBR_EL2')).toBe(0x1_0000_4000_0000n);
    expect(inside.get('VBAR_EL2')).toBe(lab.host.constants.hypVectors);
    expect(lab.processor.registers.get('VBAR_EL2')).toBe(vhe ? lab.host.constants.hostVectors : lab.host.constants.callVectors);
    expect(lab.processor.registers.get('HCR_EL2')).toBe(lab.host.constants.hcr);
    expect(lab.processor.el).toBe(vhe ? 2 : 1);
  });

  it('puts the entry off when something of the host\'s is pending, with everything of the host in place', () => {
    const lab = made(revision, mode);
    lab.processor.registers.set('SP_EL0', 0x14n);
    lab.processor.guest = () => { throw new Error('the guest ran'); };
    lab.processor.registers.set('ISR_EL1', 0x80n);
    expect(lab.world.load(lab.vcpu)).toBeUndefined();
    expect(lab.world.enter(lab.vcpu)).toEqual({ exit: { code: 'irq', esr: 0n } });
    expect(lab.processor.registers.get('SP_EL0')).toBe(0x14n);
    expect(lab.processor.registers.get('HCR_EL2')).toBe(lab.host.constants.hcr);
    expect(lab.vcpu.context.get('PC')).toBe(MODEL_RAM + 0x40_0000n);
    expect(lab.vcpu.context.get('PSTATE')).toBe(0x3c5n);
    expect(lab.processor.el).toBe(vhe ? 2 : 1);
  });

  it('does not return to a level above EL1, whatever is in the guest\'s PSTATE', () => {
    for (const [pstate, expected] of [[0x3c9n, 0x10_0009n], [0x8n, 0x10_0009n], [0xdn, 0x10_0009n], [0x3c5n, 0x3c5n], [0n, 0n], [0x1dbn, 0x1dbn]] as const) {
      const lab = made(revision, mode);
      lab.vcpu.context.set('PSTATE', pstate);
      lab.processor.guest = () => ({ kind: 'budget' });
      expect(lab.world.load(lab.vcpu)).toBeUndefined();
      expect(lab.world.enter(lab.vcpu)).toBeUndefined();
      expect(lab.processor.registers.get('SPSR_EL2'), pstate.toString(16)).toBe(expected);
    }
  });

  it('saves a guest\'s floating point once it has used it, and gives the host\'s back at put', () => {
    const lab = made(revision, mode);
    const { processor, vcpu, world } = lab;
    processor.vectors[3] = 0x1111n;
    vcpu.context.set('v3', 0x2222n);
    const seen: bigint[] = [];
    const script: ((p: ModelProcessor) => undefined)[] = [
      (p) => p.take({ ec: 7, il: 1, iss: 0x1e0_0000 }),
      (p) => { seen.push(p.vectors[3]); p.vectors[3] = 0x3333n; return p.call(1n); },
      (p) => p.call(1n),
    ];
    processor.guest = (p) => script.shift()?.(p);
    expect(world.load(vcpu)).toBeUndefined();
    for (const kind of ['resumed', 'exit', 'exit']) {
      if (kind !== 'exit' || script.length < 2) expect(world.enter(vcpu)).toBeUndefined();
      const stop = processor.run();
      expect(world.leave(vcpu, stop.kind === 'hosted' ? stop.at : 0n)).toMatchObject({ kind });
    }
    expect(processor.vectors[3]).toBe(0x3333n);
    expect(world.put(vcpu)).toBeUndefined();
    expect(seen).toEqual([0x2222n]);
    expect(vcpu.context.get('v3')).toBe(0x3333n);
    expect(processor.vectors[3]).toBe(0x1111n);
  });

  it('panics at an access that does not exist, says in which step, and has the host\'s kernel back', () => {
    const steps = vhe ? ['host-sysregs-save', 'traps-on', 'guest-sysregs-restore', 'debug-to-guest', 'host-sp-save'] : ['host-sysregs-save', 'guest-sysregs-restore', 'stage2-on', 'traps-on', 'host-sp-save'];
    for (const id of steps) {
      const lab = made(broken(revision, id), mode);
      lab.processor.registers.set('MDSCR_EL1', 0x1000n);
      lab.processor.registers.set('TPIDR_EL0', 0x12n);
      lab.vcpu.context.set('MDSCR_EL1', 0x9000n);
      expect(lab.world.load(lab.vcpu)).toBeUndefined();
      const panic = lab.world.enter(lab.vcpu);
      expect(panic, id).toMatchObject({ step: id, why: `${id}: mrs ZCR_EL2 is undefined` });
      // ESR_EL2: unknown reason, from the present level.
      expect(panic, id).toMatchObject({ report: { esr: 0x200_0000n } });
      const { processor, host } = lab;
      expect(processor.el, id).toBe(vhe ? 2 : 1);
      expect(processor.registers.get('HCR_EL2'), id).toBe(host.constants.hcr);
      expect(processor.registers.get('MDSCR_EL1'), id).toBe(0x1000n);
      expect(processor.registers.get('VBAR_EL2'), id).toBe(vhe ? host.constants.hostVectors : host.constants.callVectors);
      if (!vhe) {
        expect(processor.registers.get('VTTBR_EL2'), id).toBe(0n);
        expect(processor.registers.get('TPIDR_EL0'), id).toBe(0x12n);
      }
    }
  });

  it('panics on the way back as well', () => {
    for (const id of ['vector', 'guest-pstate-save', 'guest-sysregs-save', 'traps-off', 'host-sysregs-restore']) {
      const lab = made(broken(revision, id), mode);
      lab.processor.registers.set('MDSCR_EL1', 0x1000n);
      lab.processor.guest = (p) => p.call(1n);
      expect(lab.world.load(lab.vcpu)).toBeUndefined();
      expect(lab.world.enter(lab.vcpu)).toBeUndefined();
      const stop = lab.processor.run();
      expect(lab.world.leave(lab.vcpu, stop.kind === 'hosted' ? stop.at : 0n), id).toMatchObject({ kind: 'panic', panic: { step: id } });
      expect(lab.processor.registers.get('HCR_EL2'), id).toBe(lab.host.constants.hcr);
      expect(lab.processor.registers.get('MDSCR_EL1'), id).toBe(0x1000n);
      expect(lab.processor.el, id).toBe(vhe ? 2 : 1);
    }
  });

  it('moves an AArch32 guest\'s banked registers too, and FPEXC32 with its floating point', () => {
    const lab = made(revision, mode, {}, new Set([...REFERENCE_FEATURES, 'FEAT_AA32EL1']));
    const { processor, vcpu, world, host } = lab;
    vcpu.state.set('hcr', vcpu.state.get('hcr') & ~HCR_EL2.mask('RW'));
    const banked = ['SPSR_abt', 'SPSR_und', 'SPSR_irq', 'SPSR_fiq', 'DACR32_EL2', 'IFSR32_EL2'] as const;
    for (const [n, name_] of banked.entries()) vcpu.context.set(name_, BigInt(n + 1));
    vcpu.context.set('DBGVCR32_EL2', 0x77n);
    vcpu.context.set('FPEXC32_EL2', 0x4000_0700n);
    processor.registers.set('DBGVCR32_EL2', 0x11n);
    // Floating point traps once; then it changes its registers and leaves.
    const script: ((p: ModelProcessor) => undefined)[] = [
      (p) => p.take({ ec: 7, il: 1, iss: 0x1e0_0000 }),
      (p) => {
        for (const [n, register] of banked.entries()) expect(p.registers.get(register), register).toBe(BigInt(n + 1));
        expect(p.registers.get('FPEXC32_EL2')).toBe(0x4000_0700n);
        expect(p.registers.get('DBGVCR32_EL2')).toBe(vhe ? 0x77n : 0x11n);
        for (const register of banked) p.registers.set(register, 0x55n);
        p.registers.set('FPEXC32_EL2', 0x4000_0100n);
        return p.call(1n);
      },
    ];
    processor.guest = (p) => script.shift()?.(p);
    const ledger = new Ledger();
    host.code.ledger = ledger;
    expect(world.load(vcpu)).toBeUndefined();
    expect(world.enter(vcpu)).toBeUndefined();
    // Until its floating point is there, FPEXC32 has only EN, so that the use traps instead of being UNDEFINED.
    expect(processor.registers.get('FPEXC32_EL2')).toBe(0x4000_0000n);
    for (const kind of ['resumed', 'exit']) {
      const stop = processor.run();
      expect(world.leave(vcpu, stop.kind === 'hosted' ? stop.at : 0n)).toMatchObject({ kind });
    }
    expect(world.put(vcpu)).toBeUndefined();
    host.code.ledger = undefined;
    for (const register of banked) expect(vcpu.context.get(register), register).toBe(0x55n);
    expect(vcpu.context.get('FPEXC32_EL2')).toBe(0x4000_0100n);
    const moved = ledger.rows.filter(({ reached, operation }) => (banked as readonly string[]).includes(reached) && (operation === 'read' || operation === 'write'));
    expect(new Set(moved.map(({ phase }) => phase))).toEqual(new Set(vhe ? ['load', 'put'] : ['restore-guest', 'save-guest']));
    expect(moved).toHaveLength(12);
  });

  it('takes an SError that is pending at the exit for the guest\'s, and has an HVC done again', () => {
    const lab = made(revision, mode);
    const { processor, vcpu, world } = lab;
    let returnTo = 0n;
    processor.guest = (p) => {
      returnTo = p.pc;
      p.registers.set('ISR_EL1', 0x100n);
      const taken = p.call(1n);
      // What the window of one instruction comes to: the SError is taken to the vector of EL2's own.
      p.run = () => {
        Reflect.deleteProperty(p, 'run');
        p.registers.set('ISR_EL1', 0n);
        p.take({ ec: 0x2f, il: 1, iss: 0 }, 0x180n);
        return p.run();
      };
      return taken;
    };
    expect(world.load(vcpu)).toBeUndefined();
    expect(world.enter(vcpu)).toBeUndefined();
    const stop = ModelProcessor.prototype.run.call(processor);
    const left = world.leave(vcpu, stop.kind === 'hosted' ? stop.at : 0n);
    expect(left).toMatchObject({ kind: 'exit', exit: { code: 'sync', serror: true } });
    expect(vcpu.context.get('PC')).toBe(returnTo);
  });
});

describe.each(PAIRS.map(([revision, mode]) => [revision.name, mode, revision] as const))('the debug registers under %s, %s', (name, mode, revision) => {
  it('are 4(2(b + w) + 1) moves of any number of them in use; their numbers are read from the processor only where there is a dirty flag', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 16 }), fc.integer({ min: 2, max: 16 }), (breakpoints, watchpoints) => {
      const lab = made(revision, mode, { ID_AA64DFR0_EL1: (BigInt(watchpoints - 1) << 20n) | (BigInt(breakpoints - 1) << 12n) | 6n });
      if (name === 'owner') lab.vcpu.state.set('debug-owner', 1n);
      else lab.vcpu.markDirty();
      lab.vcpu.vcpuDebugState.set('bvr1', 0x5678n);
      lab.processor.registers.set('DBGBVR1_EL1', 0x1234n);
      const { rows, inside } = round(lab);
      expect(moves(rows, 'debug')).toBe(4 * (2 * (breakpoints + watchpoints) + 1));
      expect(moves(rows, 'id')).toBe(name === 'owner' ? 0 : 4);
      expect(inside.get('DBGBVR1_EL1')).toBe(0x5678n);
      expect(lab.processor.registers.get('DBGBVR1_EL1')).toBe(0x1234n);
    }), { numRuns: 8 });
  });

  it('belong to the VMM\'s debugger when it has asked, and MDSCR_EL1 of the run with them', () => {
    const lab = made(revision, mode);
    lab.vcpu.externalDebugState.set('bcr1', 0x1e7n);
    lab.vcpu.vcpuDebugState.set('bcr1', 0x1e5n);
    lab.vcpu.context.set('MDSCR_EL1', 0x1000n);
    if (name === 'owner') {
      lab.vcpu.state.set('debug-owner', 2n);
      lab.vcpu.state.set('external-mdscr', 0xa000n);
    } else {
      lab.vcpu.markDirty();
      lab.vcpu.debugPtr = lab.vcpu.externalDebugState;
    }
    const { inside } = round(lab);
    expect(inside.get('DBGBCR1_EL1')).toBe(0x1e7n);
    expect(inside.get('MDSCR_EL1')).toBe(name === 'owner' ? 0xa000n : 0x1000n);
    expect(lab.vcpu.context.get('MDSCR_EL1')).toBe(0x1000n);
    expect(lab.vcpu.vcpuDebugState.get('bcr1')).toBe(0x1e5n);
  });
});
