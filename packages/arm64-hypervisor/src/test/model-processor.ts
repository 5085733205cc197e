/**
 * A processor for tests that is nothing but rules: registers by name, accesses as the tables of `arm64-sysreg` judge them, exceptions by
 * the book, and a guest that is a function. It records what it executes. No translation, no interrupts.
 */
import { REFERENCE_FEATURES, REGISTER_LIST, encodeSyndrome, nameOf, resolve, syndromes } from '@worldswitch/arm64-sysreg';
import type { Direction, PortInstruction, ProcessorEvent, ProcessorEvents, RegisterName, Syndrome, Verdict } from '@worldswitch/arm64-sysreg';
import { reverseBytes } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { ReferenceMemory } from '@worldswitch/machine';
import type { HostProcessor, ProcessorStop } from '../processor.ts';
import { HOSTED_SIZE } from '../host/layout.ts';
import type { HostInterrupts } from '../host/interrupts.ts';

export const MODEL_RAM = 0x4000_0000n;
const RAM_SIZE = 0x80_0000;
const HOSTED = 0x0b00_0000n;
export const MODEL_LAYOUT = { hosted: HOSTED, pages: { base: MODEL_RAM, size: 0x20_0000n } } as const;

const HVC_0 = 0xd400_0002n;
const RET = 0xd65f_03c0n;

/** Six breakpoints and four watchpoints, a PMU, 40 bits of physical address, VHE. */
const IDENTIFICATION: Partial<Record<RegisterName, bigint>> = {
  ID_AA64DFR0_EL1: 0x1030_5406n, ID_AA64PFR0_EL1: 0x0111n, ID_AA64MMFR0_EL1: 2n, ID_AA64MMFR1_EL1: 0x100n, MIDR_EL1: 0x410f_d0c1n, MPIDR_EL1: 0x8000_0000n,
  CTR_EL0: 0x8444_c004n,
};

/** What runs while the processor is not in hosted code: until the next exception or stop. */
export type ModelGuest = (processor: ModelProcessor) => ProcessorStop | undefined;

/** An instruction that was executed. Registers by the name that was written and the one that was reached. */
export interface Executed {
  readonly op: PortInstruction['op'];
  readonly el: number;
  readonly written?: string;
  readonly reached?: string;
}

export class ModelProcessor implements HostProcessor {
  readonly memory = new ReferenceMemory();
  readonly registers = new Map<string, bigint>();
  readonly executed: Executed[] = [];
  readonly x = new Array<bigint>(31).fill(0n);
  readonly vectors = new Array<bigint>(32).fill(0n);
  /** Byte order of data, as SCTLR_ELx.EE says it: of hosted code's at any level. */
  dataOrder: ByteOrder = 'little';
  el = 2;
  pc = HOSTED;
  retired = 0n;
  guest: ModelGuest = () => { throw new Error('no guest was given'); };
  #events: ProcessorEvent[] | undefined;

  readonly #features: ReadonlySet<string>;

  constructor(features: ReadonlySet<string> = REFERENCE_FEATURES) {
    this.#features = features;
    this.memory.ram(MODEL_RAM, RAM_SIZE);
    for (const { name, reset } of REGISTER_LIST) this.registers.set(name, reset?.value ?? 0n);
    for (const [name, value] of Object.entries(IDENTIFICATION)) this.registers.set(name, value);
  }

  readonly port = { execute: (instruction: PortInstruction): Verdict => this.#execute(instruction) };
  readonly debugger = {
    read: (name: string): bigint | undefined => (name === 'pc' ? this.pc : this.registers.get(name)),
    write: (name: string, value: bigint): boolean => {
      this.registers.set(name, value);
      return true;
    },
  };
  general(n: number): bigint {
    return this.x[n];
  }
  setGeneral(n: number, value: bigint): void {
    this.x[n] = value;
  }
  observe(): ProcessorEvents {
    this.#events = [];
    return {
      lost: 0, drain: () => this.#events?.splice(0) ?? [], [Symbol.dispose]: () => { this.#events = undefined; },
    };
  }
  get observed(): boolean {
    return this.#events !== undefined;
  }
  run(): ProcessorStop {
    for (;;) {
      if (this.pc >= HOSTED && this.pc < HOSTED + BigInt(HOSTED_SIZE)) return { kind: 'hosted', at: this.pc };
      const stop = this.guest(this);
      if (stop) return stop;
    }
  }

  get(name: RegisterName): bigint {
    return this.registers.get(name) ?? 0n;
  }
  /** Takes a synchronous exception of a lower level, or of the present one, to EL2; the PC is the preferred return address. */
  take(syndrome: Syndrome | undefined, vector = 0n, fault: { readonly far?: bigint; readonly hpfar?: bigint } = {}): undefined {
    const group = this.el < 2 ? 0x400n : 0x200n;
    if (syndrome) this.registers.set('ESR_EL2', encodeSyndrome(syndrome));
    if (fault.far !== undefined) this.registers.set('FAR_EL2', fault.far);
    if (fault.hpfar !== undefined) this.registers.set('HPFAR_EL2', fault.hpfar);
    this.registers.set('ELR_EL2', this.pc);
    this.registers.set('SPSR_EL2', (this.get('SPSR_EL2') & ~0xfn) | (BigInt(this.el) << 2n) | (this.el === 0 ? 0n : 1n));
    this.#report({ kind: 'exception', vector: syndrome ? 'synchronous' : 'irq', to: 2, syndrome: syndrome ? encodeSyndrome(syndrome) : 0n, returnTo: this.pc });
    this.el = 2;
    this.pc = this.get('VBAR_EL2') + group + vector;
    return undefined;
  }
  /** The guest's `hvc`: function and arguments in x0 and up. */
  call(...values: readonly bigint[]): undefined {
    values.forEach((value, n) => { this.x[n] = value; });
    this.pc += 4n;
    this.retired++;
    return this.take(syndromes.hvc(0));
  }

  #report(event: Record<string, unknown> & { readonly kind: ProcessorEvent['kind'] }): void {
    this.#events?.push({ retired: this.retired, pc: this.pc, el: this.el, ...event } as ProcessorEvent);
  }
  #access(encoding: number, direction: Direction): ReturnType<typeof resolve> {
    const hcr = this.get('HCR_EL2');
    return resolve(encoding, {
      el: this.el as 0 | 1 | 2, e2h: (hcr >> 34n & 1n) === 1n, tge: (hcr >> 27n & 1n) === 1n, features: this.#features, read: (name) => this.get(name),
    }, direction);
  }
  #register(encoding: number, direction: Direction, value?: bigint): Verdict {
    const access = this.#access(encoding, direction);
    const written = nameOf(encoding, direction);
    if (access.kind !== 'register') {
      this.#report({ kind: 'system-register', direction, encoding, written, reached: null, verdict: 'undefined', before: null, after: null });
      this.take(syndromes.unknown());
      return { kind: 'undefined', to: 2 };
    }
    const reached = access.register;
    const before = this.get(reached);
    if (value !== undefined) this.registers.set(reached, value);
    this.executed.push({ op: value === undefined ? 'mrs' : 'msr', el: this.el, written, reached });
    this.#report({ kind: 'system-register', direction, encoding, written, reached, verdict: 'ok', before, after: this.get(reached) });
    return value === undefined ? { kind: 'ok', value: before } : { kind: 'ok' };
  }
  #execute(i: PortInstruction): Verdict {
    if (i.op === 'mrs') return this.#register(i.encoding, 'read');
    if (i.op === 'msr') return this.#register(i.encoding, 'write', i.value);
    this.executed.push({ op: i.op, el: this.el, ...('place' in i && i.place.kind === 'slot' ? { written: `${i.place.context}.${i.place.slot}` } : {}) });
    switch (i.op) {
      case 'ldr': {
        const value = this.#ordered(this.memory.read(i.place.address, i.size, 0) ?? 0n, i.size);
        this.#report({ kind: 'hosted', move: 'load', address: i.place.address, size: i.size, value });
        return { kind: 'ok', value };
      }
      case 'str':
        this.memory.write(i.place.address, i.size, this.#ordered(i.value, i.size), 0);
        this.#report({ kind: 'hosted', move: 'store', address: i.place.address, size: i.size, value: i.value });
        return { kind: 'ok' };
      case 'fp':
        if (i.transfer === 'read') return { kind: 'ok', value: this.vectors[i.register] };
        this.vectors[i.register] = i.value;
        return { kind: 'ok' };
      case 'isb':
        this.#report({ kind: 'barrier', name: 'isb', encoding: 0, operand: 0n });
        return { kind: 'ok' };
      case 'eret': {
        this.#report({ kind: 'barrier', name: 'eret', encoding: 0, operand: 0n });
        this.pc = this.get(this.el === 2 ? 'ELR_EL2' : 'ELR_EL1');
        this.el = Number((this.get(this.el === 2 ? 'SPSR_EL2' : 'SPSR_EL1') >> 2n) & 3n);
        return { kind: 'departed' };
      }
      case 'execute': return this.#fetched(i.address);
      case 'at':
        // Address translation: every address is where it is.
        this.registers.set('PAR_EL1', i.address & ~0xfffn);
        return { kind: 'ok' };
      default: return { kind: 'ok' };
    }
  }
  #ordered(lanes: bigint, size: number): bigint {
    return this.dataOrder === 'little' ? lanes : reverseBytes(lanes, size * 8);
  }
  #fetched(address: bigint): Verdict {
    this.pc = address;
    const word = this.memory.read(address, 4, 0);
    if (word === RET) this.pc = this.x[30];
    else if (word === HVC_0) {
      this.pc = address + 4n;
      this.take(syndromes.hvc(0));
    } else throw new Error(`the model executes HVC #0 and RET; the word at 0x${address.toString(16)} is 0x${word?.toString(16) ?? '?'}`);
    return { kind: 'departed' };
  }
}

/** A host whose interrupt controller does nothing. */
export const NO_INTERRUPTS: HostInterrupts = {
  initialise: () => undefined, acknowledge: () => undefined, complete: () => undefined, setEnabled: () => undefined, setActive: () => undefined, kick: () => undefined,
};
