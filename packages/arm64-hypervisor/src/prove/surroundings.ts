/**
 * What is around a guest while it does not run: a kernel that uses its registers, other guests that had the processor, an interface to
 * interrupts that was theirs, a profiler. Whatever a switch relies on to have stayed as it was, it finds changed.
 */
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { Host } from '../host/host.ts';
import type { Revision } from '../switch/step.ts';
import type { ProofMachine } from './machine.ts';
import type { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import { hostRegisters, randomValue } from './values.ts';
import { CALLEE_SAVED, VECTORS } from './view.ts';

const MDE = 0x8000n;
/** CPACR_EL1: traps of the trace registers, which nobody here has. */
const TTA = 0x1000_0000n;
const FLAGS = { EL1_PROFILED: 3n, EL2_PROFILED: 2n, BUFFER_ON: 1n } as const;
/** Least interval between two samples (PMSIDR_EL1.Interval). */
const INTERVAL = 256n;
/** Instructions of the host's own before each entry, the first of which is sampled: enough for its record to be on its way. */
const OWN_INSTRUCTIONS = 4;
/** Gibibytes that the profiling host's translation has: the first two where they are, and the second again for its kernel. */
const GIB = 0x4000_0000n;
const KERNEL = 2n * GIB;
/** Block descriptor: accessed, inner shareable, attribute 0, valid (DDI 0487 D8.3). */
const BLOCK = 0x701n;
const TRANSLATION: Readonly<Partial<Record<RegisterName, bigint>>> = { TCR_EL1: 25n | (1n << 23n), MAIR_EL1: 0xffn };
const TRANSLATING: readonly RegisterName[] = ['SCTLR_EL1', 'TTBR0_EL1', 'TCR_EL1', 'MAIR_EL1'];
const SCTLR = 0x30c5_0838n | 1n;

/** GICH (IHI 0048B 5.3) by name and offset, as far as it can be looked at. */
const GICH: Readonly<Record<string, bigint>> = { GICH_HCR: 0x00n, GICH_VMCR: 0x08n, GICH_APR: 0xf0n, GICH_LR0: 0x100n, GICH_LR1: 0x104n, GICH_LR2: 0x108n, GICH_LR3: 0x10cn };
const GICH_VMCR_FREE = 0xf8fc_0003n;
const ICH_VMCR_FREE = 0xf8fc_0003n;
/** One active priority of the five bits that count. */
const someActive = (random: Random): bigint => 1n << BigInt(random.below(32));
/** Another geometry of stage 2 than any guest here has: T0SZ 32. */
const otherGeometry = (vtcr: bigint): bigint => (vtcr & ~0x3fn) | 0x20n;

export interface SurroundingsOptions {
  readonly machine: ProofMachine;
  readonly host: Host;
  readonly revision: Revision;
  readonly scenario: Scenario;
  readonly random: Random;
}

export class Surroundings {
  readonly #options: SurroundingsOptions;
  readonly #all: readonly RegisterName[];
  /** What is loaded for the guest is nobody else's until it is put. */
  readonly #free: readonly RegisterName[];
  /** Since 2018 a switch gives back what it found in these, and gives every VM its own geometry. */
  readonly #keepsWhatItFinds: boolean;

  constructor(options: SurroundingsOptions) {
    const { host, revision, scenario } = options;
    const { breakpoints, watchpoints } = host.features;
    this.#options = options;
    this.#keepsWhatItFinds = revision.ownCallVectors === true;
    const loaded = revision.loaded?.(host.mode);
    const fixed = scenario.profiled === true ? TRANSLATING : [];
    this.#all = [...hostRegisters(host.mode, breakpoints, watchpoints), ...(this.#keepsWhatItFinds ? ['PMUSERENR_EL0' as const] : [])].filter((name) => !fixed.includes(name));
    this.#free = this.#all.filter((name) => loaded?.has(name) !== true && (name !== 'PMUSERENR_EL0' || host.mode === 'nvhe'));
  }

  /** Once, before the first load. */
  prepare(): void {
    const { machine: { processor }, random } = this.#options;
    for (const name of VECTORS) processor.debugger.write(name, (random.next() << 64n) | random.next());
    for (const name of ['FPSR', 'FPCR']) processor.debugger.write(name, randomValue(name, random));
    for (const n of CALLEE_SAVED) processor.setGeneral(n, random.next());
    this.#prepareProfiling();
  }

  #prepareProfiling(): void {
    const { machine, host: { mode }, scenario } = this.#options;
    const { profiling, processor: { debugger: door, memory } } = machine;
    if (scenario.profiled !== true || profiling === undefined) return;
    memory.loadBytes(profiling.code, machine.assemble('1: nop\n b 1b', profiling.code));
    memory.loadBytes(profiling.buffer, new Uint8Array(Number(profiling.bytes)));
    if (mode === 'nvhe') {
      const table = new DataView(new ArrayBuffer(0x1000));
      [0n, GIB, GIB].forEach((to, n) => { table.setBigUint64(8 * n, to | BLOCK, true); });
      memory.loadBytes(profiling.tables, new Uint8Array(table.buffer));
      for (const [name, value] of Object.entries({ ...TRANSLATION, TTBR0_EL1: profiling.tables, SCTLR_EL1: SCTLR })) door.write(name, value);
    }
    // The kernel's address of the buffer, which only its own translation knows.
    const buffer = mode === 'nvhe' ? profiling.buffer - GIB + KERNEL : profiling.buffer;
    door.write('PMSIRR_EL1', INTERVAL);
    door.write('PMBPTR_EL1', buffer);
    door.write('PMBSR_EL1', 0n);
    door.write('PMBLIMITR_EL1', (buffer + profiling.bytes) | FLAGS.BUFFER_ON);
    door.write(mode === 'nvhe' ? 'PMSCR_EL1' : 'PMSCR_EL2', mode === 'nvhe' ? FLAGS.EL1_PROFILED : FLAGS.EL2_PROFILED);
  }

  /** Before a vCPU is loaded: another has been here. */
  beforeLoad(): void {
    const { machine: { processor: { debugger: door, memory }, virtualControl }, host, scenario, random } = this.#options;
    this.#fill(this.#all);
    door.write('CNTV_CVAL_EL0', random.next());
    // Its monitor is off meanwhile, so that a panic that brings back what was before the last entry shows.
    if (scenario.fails === 'load') host.code.write('MDSCR_EL1', 0n);
    // With VHE its offset stays, for a host at EL2 counts without one; this one had none.
    if (host.mode === 'vhe') door.write('CNTVOFF_EL2', 0n);
    if (this.#keepsWhatItFinds) door.write('VTCR_EL2', otherGeometry(host.constants.vtcr));
    // A VHE host never writes it, and what a reset leaves is UNKNOWN.
    if (scenario.profiled === true && host.mode === 'vhe') door.write('PMSCR_EL1', FLAGS.EL1_PROFILED);
    if (scenario.interrupts !== true) return;
    if (virtualControl === undefined) {
      door.write('ICH_VMCR_EL2', random.next() & ICH_VMCR_FREE);
      door.write('ICH_AP0R0_EL2', someActive(random));
      door.write('ICH_AP1R0_EL2', someActive(random));
    } else {
      memory.write(virtualControl + GICH['GICH_VMCR'], 4, random.next() & GICH_VMCR_FREE, 0);
      memory.write(virtualControl + GICH['GICH_APR'], 4, someActive(random), 0);
    }
  }

  /** Before an entry: the host has done other things since. A switch that fails finds another CPACR_EL1 than the guest's, for the register has but one bit that is free. */
  beforeEntry(guestCpacr: bigint): void {
    const { machine: { processor: { debugger: door } }, host, random, scenario } = this.#options;
    this.#fill(this.#free);
    // Its own monitor, on or off; with KDE clear it acts on user programs alone.
    host.code.write('MDSCR_EL1', scenario.fails === undefined ? random.pick([0n, MDE]) : MDE);
    if (host.mode === 'nvhe') {
      door.write('SP_EL1', randomValue('SP_EL1', random));
      if (scenario.fails !== undefined) host.code.write('CPACR_EL1', guestCpacr ^ TTA);
    }
    this.#profile();
  }

  /** Samples an instruction of the host's. */
  #profile(): void {
    const { machine: { processor, profiling }, scenario } = this.#options;
    if (scenario.profiled !== true || profiling === undefined) return;
    const { debugger: door } = processor;
    const pc = door.read('pc') ?? 0n;
    door.write('pc', profiling.code);
    door.write('PMSICR_EL1', 1n);
    processor.run(OWN_INSTRUCTIONS);
    door.write('pc', pc);
  }

  #fill(names: readonly RegisterName[]): void {
    const { host: { code }, random } = this.#options;
    code.place = { step: 'host', phase: '', kind: 'host' };
    for (const name of names) code.write(name, randomValue(name, random));
  }

  /** What of the host is in no register: names and values. */
  get devices(): Readonly<Record<string, bigint>> {
    const { machine: { virtualControl, processor: { memory } } } = this.#options;
    if (virtualControl === undefined) return {};
    return Object.fromEntries(Object.entries(GICH).map(([name, offset]) => [name, memory.read(virtualControl + offset, 4, 0) ?? 0n]));
  }

  /** What the host's profiler has written. */
  get samples(): Uint8Array {
    const { machine: { profiling, processor: { memory } }, scenario } = this.#options;
    return (scenario.profiled === true && profiling && memory.readBytes(profiling.buffer, Number(profiling.bytes))) || new Uint8Array();
  }
}
