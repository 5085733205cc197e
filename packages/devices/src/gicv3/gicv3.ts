import { MachineError, stateOf, type Device, type InterruptLine, type Plain, type Width } from '@worldswitch/machine';
import { PRIVATE, SGIS } from '../gic/interrupt-state.ts';
import { Distributor } from './distributor.ts';
import { Redistributor } from './redistributor.ts';
import { GIC_IPRIORITYR, GIC_ITARGETSR, GICD_IROUTER, GICR_FRAME, GICR_STRIDE, GICR_TYPER } from './registers.ts';
import { Interrupts, type PendingInterrupt } from './state.ts';

export interface GicV3Config {
  /** Of each processor, in the fields of MPIDR_EL1 (Aff3 39:32, Aff2 23:16, Aff1 15:8, Aff0 7:0); 1 to 123, no two equal. */
  readonly affinities: readonly bigint[];
  /** Shared peripheral interrupts, a multiple of 32, 32 to 960; default 256, as on `virt`. */
  readonly spis?: number;
  /** The PPI (INTID 16..31) that virtual CPU interfaces raise for maintenance; default 25. */
  readonly maintenance?: number;
}

/** An SGI as ICC_SGI0R_EL1 and its siblings send it. */
export interface SoftwareInterrupt {
  /** 0 to 15. */
  readonly intid: number;
  /** Receivers where the SGI is in another group do not get it (IHI 0069, ICC_SGI1R_EL1). */
  readonly group: 0 | 1;
  /** To all other processors, or to those whose Aff3.Aff2.Aff1 (`affinity`, Aff0 zero) and Aff0 (a bit of `targets`) are named. */
  readonly to: 'others' | { readonly affinity: bigint; readonly targets: number };
}

/** One processor's side of the controller: what its CPU interface (ICC_*, ICH_*) needs, see IHI 0069 chapter 3. */
export interface GicV3Processor {
  /** The most urgent interrupt that distributor and redistributor offer; the CPU interface's own masks come after it. */
  best(): PendingInterrupt | undefined;
  /** Whether that INTID exists, as SGI, PPI or SPI. */
  exists(intid: number): boolean;
  activate(intid: number): void;
  deactivate(intid: number): void;
  send(sgi: SoftwareInterrupt): void;
  /** Level of the maintenance interrupt. */
  setMaintenance(level: boolean): void;
  /** `changed` is called after anything that `best` depends on may have changed. One listener; a later one replaces it. */
  listen(changed: () => void): void;
}

const LARGEST = 123;

/**
 * Generic Interrupt Controller, architecture version 3 (IHI 0069): distributor and redistributors, with affinity routing only, one
 * Security state, and neither LPIs nor an ITS. CPU interfaces are system registers and belong to the processors: each gets `processor(n)`.
 *
 * Two windows: `distributor` of 64 KiB, and `redistributors` of 128 KiB for each processor. The state is one: put only `distributor` into
 * the snapshot (builder.device), and map the other with `memory.device`.
 */
export class GicV3 {
  readonly distributor: Device;
  readonly redistributors: Device;
  readonly #interrupts: Interrupts;
  readonly #distributor: Distributor;
  readonly #redistributors: readonly Redistributor[];
  readonly #maintenance: number;
  readonly #listeners: ((() => void) | undefined)[];
  /** What `best` found since the last change; null where it has not looked. */
  readonly #best: (PendingInterrupt | undefined | null)[];

  /** @throws MachineError `bad-range` for numbers out of range. */
  constructor({ affinities, spis = 256, maintenance = 25 }: GicV3Config) {
    if (affinities.length < 1 || affinities.length > LARGEST) {
      throw new MachineError('bad-range', `GICv3: ${affinities.length} processors; the window of redistributors has room for 1 to ${LARGEST}.`);
    }
    if (new Set(affinities).size !== affinities.length) throw new MachineError('bad-range', `GICv3: two processors have the same affinity; SPIs and SGIs find them by it, so give each its own.`);
    if (spis % 32 !== 0 || spis < 32 || spis > 960) throw new MachineError('bad-range', `GICv3: ${spis} SPIs; their number is a multiple of 32, from 32 to 960.`);
    this.#interrupts = new Interrupts(affinities, PRIVATE + spis);
    this.#distributor = new Distributor(this.#interrupts);
    this.#redistributors = affinities.map((_, cpu) => new Redistributor(this.#interrupts, cpu));
    this.#maintenance = maintenance;
    this.#listeners = affinities.map(() => undefined);
    this.#best = affinities.map(() => null);
    this.distributor = this.#window(this.#distributor, (offset) => offset >= GICD_IROUTER && offset < GICD_IROUTER + 8 * this.#interrupts.state.count, (offset) => offset);
    const at = (offset: number): Redistributor | undefined => this.#redistributors[Math.floor(offset / GICR_STRIDE)];
    this.redistributors = this.#window({
      read: (offset) => at(offset)?.read(offset % GICR_STRIDE) ?? 0,
      write: (offset, value, mask) => { at(offset)?.write(offset % GICR_STRIDE, value, mask); },
    }, (offset) => offset % GICR_STRIDE === GICR_TYPER, (offset) => (offset % GICR_STRIDE) - GICR_FRAME);
  }

  /** The input of a shared interrupt, by INTID (32 and up). Throws `bad-range` for one that does not exist. */
  spi(intid: number): InterruptLine {
    if (intid < PRIVATE || intid >= this.#interrupts.state.count) {
      throw new MachineError('bad-range', `GICv3: there is no SPI with INTID ${intid}; they are ${PRIVATE} to ${this.#interrupts.state.count - 1} (a device tree's SPI number plus 32).`);
    }
    return this.#input(0, intid);
  }

  /** The input of a private interrupt, by INTID (16 to 31). Throws `bad-range` for one that does not exist. */
  ppi(cpu: number, intid: number): InterruptLine {
    this.#check(cpu);
    if (intid < SGIS || intid >= PRIVATE) throw new MachineError('bad-range', `GICv3: there is no PPI with INTID ${intid}; they are 16 to 31 (a device tree's PPI number plus 16).`);
    return this.#input(cpu, intid);
  }

  /** For the CPU interface of processor `cpu`, from 0. Throws `bad-range` for one that does not exist. */
  processor(cpu: number): GicV3Processor {
    this.#check(cpu);
    const interrupts = this.#interrupts;
    const maintenance = this.#input(cpu, this.#maintenance);
    return {
      best: () => {
        const known = this.#best[cpu];
        return known !== null ? known : (this.#best[cpu] = interrupts.best(cpu, this.#distributor.groups));
      },
      exists: (intid) => intid < interrupts.state.count,
      activate: (intid) => {
        interrupts.activate(cpu, intid);
        this.#changed();
      },
      deactivate: (intid) => {
        interrupts.state.deactivate(cpu, intid);
        this.#changed();
      },
      send: (sgi) => { this.#send(cpu, sgi); },
      setMaintenance: (level) => { maintenance.set(level); },
      listen: (changed) => { this.#listeners[cpu] = changed; },
    };
  }

  #check(cpu: number): void {
    const { cpus } = this.#interrupts.state;
    if (!Number.isInteger(cpu) || cpu < 0 || cpu >= cpus) throw new MachineError('bad-range', `GICv3: there is no processor ${cpu}; they are 0 to ${cpus - 1}.`);
  }

  #input(cpu: number, intid: number): InterruptLine {
    const slot = this.#interrupts.state.slot(cpu, intid);
    return {
      set: (level) => {
        if ((this.#interrupts.state.line[slot] !== 0) === level) return;
        this.#interrupts.state.setLine(slot, level);
        this.#changed();
      },
    };
  }

  #send(from: number, { intid, group, to }: SoftwareInterrupt): void {
    const { affinities, state } = this.#interrupts;
    affinities.forEach((affinity, cpu) => {
      const aff0 = Number(affinity & 0xffn);
      const reached = to === 'others' ? cpu !== from : (affinity & ~0xffn) === to.affinity && aff0 < 16 && (to.targets & (1 << aff0)) !== 0;
      const slot = state.slot(cpu, intid);
      if (reached && state.group[slot] === group) state.latch[slot] = 1;
    });
    this.#changed();
  }

  #changed(): void {
    this.#best.fill(null);
    for (const listener of this.#listeners) listener?.();
  }

  /**
   * Words, bytes of the priority registers, and doublewords where a register has 64 bits (`wide`); other accesses read as zero and
   * write nothing, as QEMU has it; the manual asks for no more widths (IHI 0069 chapter 12). `place` maps an offset to where the priority registers are.
   */
  #window(registers: { read(offset: number): number; write(offset: number, value: number, mask: number): void }, wide: (offset: number) => boolean, place: (offset: number) => number): Device {
    const bytewise = (offset: number): boolean => place(offset) >= GIC_IPRIORITYR && place(offset) < GIC_ITARGETSR;
    const word = (offset: number): bigint => BigInt(registers.read(offset) >>> 0);
    const accepts = (offset: number, width: Width): boolean => offset % width === 0 && (width === 4 || (width === 1 && bytewise(offset)) || (width === 8 && wide(offset)));
    return {
      read: (offset, width) => {
        if (!accepts(offset, width)) return 0n;
        if (width === 8) return word(offset) | (word(offset + 4) << 32n);
        return width === 4 ? word(offset) : (word(offset & ~3) >> BigInt(8 * (offset & 3))) & 0xffn;
      },
      write: (offset, width, value) => {
        if (!accepts(offset, width)) return;
        const shift = 8 * (offset & 3);
        if (width === 1) registers.write(offset & ~3, Number(value & 0xffn) << shift, 0xff << shift);
        else {
          registers.write(offset, Number(BigInt.asIntN(32, value)), -1);
          if (width === 8) registers.write(offset + 4, Number(BigInt.asIntN(32, value >> 32n)), -1);
        }
        this.#changed();
      },
      reset: () => { this.#reset(); },
      save: () => this.#save(),
      restore: (state) => { this.#restore(state); },
    };
  }

  #reset(): void {
    this.#interrupts.reset();
    this.#distributor.groups = 0;
    for (const redistributor of this.#redistributors) redistributor.asleep = true;
    this.#changed();
  }

  #save(): Plain {
    return { interrupts: this.#interrupts.save(), groups: this.#distributor.groups, asleep: this.#redistributors.map(({ asleep }) => asleep) };
  }

  #restore(state: Plain): void {
    const s = stateOf<{ interrupts: Plain; groups: number; asleep: readonly boolean[] }>(state, 'GICv3', ['interrupts', 'groups', 'asleep']);
    if (s.asleep.length !== this.#redistributors.length) {
      throw new MachineError('bad-state', `GICv3: the saved state has ${s.asleep.length} processors, this one ${this.#redistributors.length}; restore it on the same board.`);
    }
    this.#interrupts.restore(s.interrupts);
    this.#distributor.groups = s.groups;
    this.#redistributors.forEach((redistributor, cpu) => { redistributor.asleep = s.asleep[cpu]; });
    this.#best.fill(null);
  }
}
