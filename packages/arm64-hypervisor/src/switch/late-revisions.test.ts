/** The switches of 6.1 and 6.14: what a round trip moves (world-switch facts 6, columns C), in what order, and what it does when it cannot. */
import { HCR_EL2 } from '@worldswitch/arm64-sysreg';
import type { AccessorMode, RegisterName } from '@worldswitch/arm64-sysreg';
import { Ledger, summarise } from '@worldswitch/hypervisor';
import type { LedgerRow } from '@worldswitch/hypervisor';
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

function made(revision: Revision, mode: AccessorMode, identification: Partial<Record<RegisterName, bigint>> = {}): Lab {
  const processor = new ModelProcessor();
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
});
