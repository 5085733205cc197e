/**
 * A processor that is nothing but registers: what an instruction reaches is looked up in the tables of `arm64-sysreg`, an exception is a few
 * registers and a vector. Enough to run a world switch on; a port to a simulator or to hardware has the same shape.
 */
import type { HostProcessor, ProcessorStop } from '@worldswitch/arm64-hypervisor';
import { REFERENCE_FEATURES, REGISTER_LIST, encodeSyndrome, nameOf, resolve, syndromes } from '@worldswitch/arm64-sysreg';
import type { Direction, PortInstruction, ProcessorEvent, ProcessorEvents, Verdict } from '@worldswitch/arm64-sysreg';
import { ReferenceMemory } from '@worldswitch/machine';

export const RAM = { base: 0x4000_0000n, size: 0x80_0000 } as const;
export const HOSTED = 0x0b00_0000n;
const HOSTED_SIZE = 0x2000n;
const LOWER_SYNC = 0x400n;
const HVC_0 = 0xd400_0002n;
/** Six breakpoints, four watchpoints; 40 bits of address; VHE. */
const IDENTIFICATION = { ID_AA64DFR0_EL1: 0x1030_5006n, ID_AA64PFR0_EL1: 0x111n, ID_AA64MMFR0_EL1: 2n, ID_AA64MMFR1_EL1: 0x100n } as const;

export class FakeProcessor implements HostProcessor {
  readonly memory = new ReferenceMemory();
  readonly registers = new Map<string, bigint>([...REGISTER_LIST.map(({ name, reset }): [string, bigint] => [name, reset?.value ?? 0n]), ...Object.entries(IDENTIFICATION)]);
  retired = 0n;
  readonly #x = new Array<bigint>(31).fill(0n);
  #el = 2;
  #pc = HOSTED;
  #events: ProcessorEvent[] | undefined;

  constructor() {
    this.memory.ram(RAM.base, RAM.size);
  }

  readonly port = { execute: (instruction: PortInstruction): Verdict => this.#execute(instruction) };
  readonly debugger = {
    read: (name: string): bigint => (name === 'pc' ? this.#pc : this.#get(name)),
    write: (): boolean => false,
  };
  general(n: number): bigint {
    return this.#x[n];
  }
  setGeneral(n: number, value: bigint): void {
    this.#x[n] = value;
  }
  observe(): ProcessorEvents {
    this.#events = [];
    return { lost: 0, drain: () => this.#events?.splice(0) ?? [], [Symbol.dispose]: () => { this.#events = undefined; } };
  }

  /** Its one guest calls the hypervisor whenever it runs: PSCI_VERSION, and the second time SYSTEM_OFF. */
  run(): ProcessorStop {
    if (this.#pc < HOSTED || this.#pc >= HOSTED + HOSTED_SIZE) {
      this.#x[0] = this.retired === 0n ? 0x8400_0000n : 0x8400_0008n;
      this.retired += 1n;
      this.#hypervisorCall();
    }
    return { kind: 'hosted', at: this.#pc };
  }

  #get(name: string): bigint {
    return this.registers.get(name) ?? 0n;
  }
  #report(event: Record<string, unknown> & { readonly kind: ProcessorEvent['kind'] }): void {
    this.#events?.push({ retired: this.retired, pc: this.#pc, el: this.#el, ...event } as ProcessorEvent);
  }

  #hypervisorCall(): void {
    const syndrome = encodeSyndrome(syndromes.hvc(0));
    this.#report({ kind: 'exception', vector: 'synchronous', to: 2, syndrome, returnTo: this.#pc + 4n });
    this.registers.set('ESR_EL2', syndrome).set('ELR_EL2', this.#pc + 4n).set('SPSR_EL2', 0x3c5n);
    this.#el = 2;
    this.#pc = this.#get('VBAR_EL2') + LOWER_SYNC;
  }

  #register(encoding: number, direction: Direction, value?: bigint): Verdict {
    const hcr = this.#get('HCR_EL2');
    const access = resolve(encoding, {
      el: this.#el as 1 | 2, e2h: (hcr >> 34n & 1n) === 1n, tge: (hcr >> 27n & 1n) === 1n, features: REFERENCE_FEATURES, read: (name) => this.#get(name),
    }, direction);
    if (access.kind !== 'register') throw new Error(`${nameOf(encoding, direction)} is ${access.kind} at EL${this.#el}, and this processor has nowhere to take that`);
    const before = this.#get(access.register);
    if (value !== undefined) this.registers.set(access.register, value);
    this.#report({ kind: 'system-register', direction, encoding, written: nameOf(encoding, direction), reached: access.register, verdict: 'ok', before, after: value ?? before });
    return value === undefined ? { kind: 'ok', value: before } : { kind: 'ok' };
  }

  #execute(i: PortInstruction): Verdict {
    switch (i.op) {
      case 'mrs': return this.#register(i.encoding, 'read');
      case 'msr': return this.#register(i.encoding, 'write', i.value);
      case 'ldr': return { kind: 'ok', value: this.memory.read(i.place.address, i.size, 0) ?? 0n };
      case 'str':
        this.memory.write(i.place.address, i.size, i.value, 0);
        return { kind: 'ok' };
      case 'eret': {
        this.#report({ kind: 'barrier', name: 'eret', encoding: 0, operand: 0n });
        const from = this.#el;
        this.#pc = this.#get(`ELR_EL${from}`);
        this.#el = Number((this.#get(`SPSR_EL${from}`) >> 2n) & 3n);
        return { kind: 'departed' };
      }
      case 'execute':
        // The host's stub: `hvc #0`, and the `ret` behind it.
        this.#pc = i.address;
        if (this.memory.read(i.address, 4, 0) === HVC_0) this.#hypervisorCall();
        else this.#pc = this.#x[30];
        return { kind: 'departed' };
      default: return { kind: 'ok' };
    }
  }
}
