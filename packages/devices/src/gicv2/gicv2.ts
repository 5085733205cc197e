import { MachineError, stateOf, type Device, type Initiator, type InterruptLine, type Plain } from '@worldswitch/machine';
import { PRIVATE, SGIS } from '../gic/interrupt-state.ts';
import { Output, readLanes, writeLanes } from '../word-registers.ts';
import { CpuInterface, type InterruptSource } from './cpu-interface.ts';
import { Distributor } from './distributor.ts';
import { ListRegisters } from './list-registers.ts';
import { PriorityControl } from './priority.ts';
import { Interrupts } from './state.ts';

/** Where one processor's interrupts go. */
export interface GicV2Outputs {
  readonly irq: InterruptLine;
  readonly fiq: InterruptLine;
  /** Needed with the virtualisation extensions. */
  readonly virq?: InterruptLine;
  readonly vfiq?: InterruptLine;
}

export interface GicV2Config {
  /** One for each processor, 1 to 8. */
  readonly cpus: readonly GicV2Outputs[];
  /** Shared peripheral interrupts, a multiple of 32, at most 960; default 256, as on `virt`. */
  readonly spis?: number;
  /** The PPI (INTID 16..31) that the virtual interfaces raise for maintenance; default 25. */
  readonly maintenance?: number;
}

interface Processor {
  readonly physical: CpuInterface;
  readonly lists: ListRegisters;
  readonly virtual: CpuInterface;
  readonly irq: Output;
  readonly fiq: Output;
  readonly virq: Output;
  readonly vfiq: Output;
}

const NOWHERE: InterruptLine = { set: () => {} };

/**
 * Generic Interrupt Controller, architecture version 2 (IHI 0048B), without Security Extensions, with virtualisation extensions.
 *
 * One object, four windows: `distributor`, `cpuInterface`, `virtualControl` (GICH) and `virtualCpuInterface` (GICV). Windows other than the
 * distributor are banked by the processor that makes the access; the debugger and DMA see processor 0. The state is one: put only
 * `distributor` into the snapshot (builder.device), and map the others with `memory.device`.
 */
export class GicV2 {
  readonly distributor: Device;
  readonly cpuInterface: Device;
  readonly virtualControl: Device;
  readonly virtualCpuInterface: Device;
  readonly #interrupts: Interrupts;
  readonly #distributor: Distributor;
  readonly #processors: readonly Processor[];
  readonly #maintenance: number;

  constructor(config: GicV2Config) {
    const cpus = config.cpus.length;
    const spis = config.spis ?? 256;
    if (cpus < 1 || cpus > 8) throw new MachineError('bad-range', `GICv2: ${cpus} processors; the architecture has 1 to 8 CPU interfaces. Use a GICv3 for more.`);
    if (spis % 32 !== 0 || spis < 0 || spis > 960) throw new MachineError('bad-range', `GICv2: ${spis} SPIs; their number is a multiple of 32, at most 960.`);
    this.#interrupts = new Interrupts(cpus, PRIVATE + spis);
    this.#distributor = new Distributor(this.#interrupts);
    this.#maintenance = config.maintenance ?? 25;
    this.#processors = config.cpus.map((outputs, cpu) => this.#processor(outputs, cpu));
    this.distributor = this.#window(
      (offset, cpu) => this.#distributor.read(offset, cpu),
      (offset, value, mask, cpu) => this.#distributor.write(offset, value, mask, cpu));
    this.cpuInterface = this.#window(
      (offset, cpu, peek) => this.#processors[cpu].physical.read(offset, peek),
      (offset, value, _mask, cpu) => this.#processors[cpu].physical.write(offset, value), 'words');
    this.virtualControl = this.#window(
      (offset, cpu) => this.#processors[cpu].lists.read(offset),
      (offset, value, _mask, cpu) => this.#processors[cpu].lists.write(offset, value), 'words');
    this.virtualCpuInterface = this.#window(
      (offset, cpu, peek) => this.#processors[cpu].virtual.read(offset, peek),
      (offset, value, _mask, cpu) => this.#processors[cpu].virtual.write(offset, value), 'words');
  }

  /** The input of a shared interrupt, by INTID (32 and up). Throws `bad-range` for one that does not exist. */
  spi(intid: number): InterruptLine {
    if (intid < PRIVATE || intid >= this.#interrupts.state.count) {
      throw new MachineError('bad-range', `GICv2: there is no SPI with INTID ${intid}; they are ${PRIVATE} to ${this.#interrupts.state.count - 1} (a device tree's SPI number plus 32).`);
    }
    return this.#input(0, intid);
  }

  /** The input of a private interrupt, by INTID (16 to 31). Throws `bad-range` for one that does not exist. */
  ppi(cpu: number, intid: number): InterruptLine {
    if (intid < SGIS || intid >= PRIVATE || cpu < 0 || cpu >= this.#processors.length) {
      throw new MachineError('bad-range', `GICv2: there is no PPI with INTID ${intid} at processor ${cpu}; they are 16 to 31 (a device tree's PPI number plus 16), processors 0 to ${this.#processors.length - 1}.`);
    }
    return this.#input(cpu, intid);
  }

  #input(cpu: number, intid: number): InterruptLine {
    const slot = this.#interrupts.state.slot(cpu, intid);
    return {
      set: (level) => {
        if ((this.#interrupts.state.line[slot] !== 0) === level) return;
        this.#interrupts.state.setLine(slot, level);
        this.#update();
      },
    };
  }

  #processor(outputs: GicV2Outputs, cpu: number): Processor {
    const interrupts = this.#interrupts;
    const { state } = interrupts;
    const distributor = this.#distributor;
    const deactivate = (intid: number): void => { state.deactivate(cpu, intid); };
    const source: InterruptSource = {
      best() {
        const intid = interrupts.best(cpu, distributor.ctlr);
        if (intid < 0) return undefined;
        const slot = state.slot(cpu, intid);
        return { intid, priority: state.priority[slot], group: state.group[slot] };
      },
      get forwarding() { return distributor.ctlr !== 0; },
      activate: (intid) => interrupts.activate(cpu, intid),
      groupOf: (intid) => (intid < state.count ? state.group[state.slot(cpu, intid)] : 0),
      deactivate,
      // An EOI with nothing running is ignored, deactivation included, as QEMU does; the architecture leaves it UNPREDICTABLE (IHI 0048B 4.4.5).
      completed: (intid, dropped, deactivates) => { if (dropped && deactivates) deactivate(intid); },
    };
    const lists = new ListRegisters((intid) => { if (intid >= SGIS) deactivate(intid); });
    return {
      physical: new CpuInterface(new PriorityControl(0), source, 0xff), lists, virtual: new CpuInterface(lists.control, lists, 0xf8),
      irq: new Output(outputs.irq), fiq: new Output(outputs.fiq), virq: new Output(outputs.virq ?? NOWHERE), vfiq: new Output(outputs.vfiq ?? NOWHERE),
    };
  }

  /** Virtual interfaces first: their maintenance interrupts are inputs of the distributor. */
  #update(): void {
    this.#processors.forEach((processor, cpu) => this.#interrupts.state.setLine(this.#interrupts.state.slot(cpu, this.#maintenance), processor.lists.maintenance));
    for (const processor of this.#processors) {
      const physical = processor.physical.outputs();
      const virtual = processor.virtual.outputs();
      processor.irq.set(physical.irq);
      processor.fiq.set(physical.fiq);
      processor.virq.set(virtual.irq);
      processor.vfiq.set(virtual.fiq);
    }
  }

  /** `words`: narrow writes write the register zero-extended; else they change their byte lanes only. */
  #window(read: (offset: number, cpu: number, peek: boolean) => number, write: (offset: number, value: number, mask: number, cpu: number) => void, narrow: 'lanes' | 'words' = 'lanes'): Device {
    const bank = (from: Initiator): number => (typeof from === 'number' && from < this.#processors.length ? from : 0);
    const registers = {
      readWord: (offset: number, from: Initiator): number => {
        const value = read(offset, bank(from), from === 'debugger');
        if (from !== 'debugger') this.#update();
        return value;
      },
      writeWord: (offset: number, value: number, from: Initiator): void => {
        write(offset, value | 0, -1, bank(from));
        this.#update();
      },
    };
    return {
      read: (offset, width, from) => readLanes(registers, offset, width, from),
      write: (offset, width, value, from) => {
        if (narrow === 'words' || width >= 4) { writeLanes(registers, offset, width, value, from); return; }
        if (offset % width !== 0) return;
        const shift = 8 * (offset % 4);
        write(offset - (offset % 4), Number(value) << shift, (width === 1 ? 0xff : 0xffff) << shift, bank(from));
        this.#update();
      },
      reset: () => this.#reset(),
      save: () => this.#save(),
      restore: (state) => this.#restore(state),
    };
  }

  #reset(): void {
    this.#interrupts.reset();
    this.#distributor.ctlr = 0;
    for (const { physical, lists } of this.#processors) {
      physical.control.reset();
      lists.reset();
    }
    this.#update();
  }

  #save(): Plain {
    return {
      interrupts: this.#interrupts.save(), ctlr: this.#distributor.ctlr,
      processors: this.#processors.map(({ physical, lists, irq, fiq, virq, vfiq }) => ({
        control: physical.control.save(), lists: lists.save(), outputs: [irq.level, fiq.level, virq.level, vfiq.level],
      })),
    };
  }

  #restore(state: Plain): void {
    const s = stateOf<{ interrupts: Plain; ctlr: number; processors: readonly { control: Plain; lists: Plain; outputs: readonly boolean[] }[] }>(state, 'GICv2', ['interrupts', 'ctlr', 'processors']);
    if (s.processors.length !== this.#processors.length) {
      throw new MachineError('bad-state', `GICv2: the saved state has ${s.processors.length} processors, this one ${this.#processors.length}; restore it on the same board.`);
    }
    this.#interrupts.restore(s.interrupts);
    this.#distributor.ctlr = s.ctlr;
    s.processors.forEach((saved, cpu) => {
      const { physical, lists, irq, fiq, virq, vfiq } = this.#processors[cpu];
      physical.control.restore(saved.control);
      lists.restore(saved.lists);
      [irq.level, fiq.level, virq.level, vfiq.level] = saved.outputs;
    });
  }
}
