/** Breakpoints of a VMM's debugger on its vCPUs: what is set, in which unit, and which of them an exit means. */
import { KvmError } from '@worldswitch/hypervisor';
import type { Exit, GuestDebug, HardwareDebugRegisters, Vcpu } from '@worldswitch/hypervisor';
import type { DebugHit } from '@worldswitch/machine';

/** What a user asked for. */
export interface Requested {
  readonly id: number;
  readonly kind: 'breakpoint' | 'watchpoint';
  readonly address: bigint;
  readonly length: number;
  readonly access: 'read' | 'write' | 'access';
}

/** Register values of one unit. */
export interface Unit {
  readonly control: bigint;
  readonly value: bigint;
}

/** What the architecture knows: how a wish becomes register values, and what a debug exit reports. */
export interface DebugKnowledge<A> {
  readonly breakpoints: number;
  readonly watchpoints: number;
  /** An instruction's address as the PC has it, whichever way it was written. */
  instructionAddress(address: bigint): bigint;
  /** Throws `KvmError` EINVAL for what one unit cannot do. */
  planBreakpoint(address: bigint): Unit;
  planWatchpoint(address: bigint, length: number, access: Requested['access']): Unit;
  /** What an exit says. */
  decode(exit: { readonly pc: bigint; readonly arch: A }): { readonly kind: 'breakpoint' | 'watchpoint' | 'step' | 'software-breakpoint'; readonly address: bigint; readonly write?: boolean };
}

interface Set extends Requested, Unit {}

export class Breakpoints<A> {
  readonly #knowledge: DebugKnowledge<A>;
  readonly #vcpus: readonly Pick<Vcpu<A>, 'setGuestDebug'>[];
  #set: readonly Set[] = [];
  #nextId = 1;
  #stepping = false;
  #software = false;

  /** All vCPUs of a VM get the same units. */
  constructor(vcpus: readonly Pick<Vcpu<A>, 'setGuestDebug'>[], knowledge: DebugKnowledge<A>) {
    this.#vcpus = vcpus;
    this.#knowledge = knowledge;
  }

  get list(): readonly Requested[] {
    return this.#set;
  }

  /** Throws `KvmError` EINVAL (what a unit cannot do), ENOBUFS (all in use). */
  breakpoint(address: bigint): number {
    return this.#add({ kind: 'breakpoint', address, length: 4, access: 'access' }, this.#knowledge.planBreakpoint(address), this.#knowledge.breakpoints);
  }
  watchpoint(address: bigint, length: number, access: Requested['access']): number {
    return this.#add({ kind: 'watchpoint', address, length, access }, this.#knowledge.planWatchpoint(address, length, access), this.#knowledge.watchpoints);
  }

  /** False when there is no such breakpoint. */
  remove(id: number): boolean {
    const rest = this.#set.filter((one) => one.id !== id);
    if (rest.length === this.#set.length) return false;
    this.#apply(rest);
    return true;
  }

  /** The breakpoint at an instruction, however its address is written now and was then. False when there is none. */
  removeBreakpointAt(address: bigint): boolean {
    const found = this.#breakpointAt(address);
    return found !== undefined && this.remove(found.id);
  }

  #breakpointAt(address: bigint): Set | undefined {
    const at = this.#knowledge.instructionAddress(address);
    return this.#set.find((one) => one.kind === 'breakpoint' && this.#knowledge.instructionAddress(one.address) === at);
  }

  clear(): void {
    this.#apply([]);
  }

  /** One instruction a run, or no longer. */
  set stepping(on: boolean) {
    this.#stepping = on;
    this.#apply(this.#set);
  }
  get stepping(): boolean {
    return this.#stepping;
  }
  /** Breakpoint instructions in the guest are the debugger's. */
  set software(on: boolean) {
    this.#software = on;
    this.#apply(this.#set);
  }

  /** Which breakpoint an exit is: the first whose range holds the address; id 0 for a step or one that is none of ours. */
  hit(exit: Extract<Exit<A>, { kind: 'debug' }>): DebugHit {
    const seen = this.#knowledge.decode(exit);
    if (seen.kind === 'watchpoint') {
      const { address } = seen;
      const found = this.#set.find((one) => one.kind === 'watchpoint' && address >= one.address && address < one.address + BigInt(one.length))
        // An access may begin below what is watched, and reports its own beginning.
        ?? this.#set.find((one) => one.kind === 'watchpoint' && address < one.address && one.address - address < 64n);
      return { kind: 'watchpoint', id: found?.id ?? 0, address, width: found?.length ?? 0, access: seen.write === true ? 'write' : 'read' };
    }
    const found = seen.kind === 'breakpoint' ? this.#breakpointAt(exit.pc) : undefined;
    return { kind: 'breakpoint', id: found?.id ?? 0, address: exit.pc };
  }

  #add(request: Omit<Requested, 'id'>, unit: Unit, most: number): number {
    if (this.#set.filter(({ kind }) => kind === request.kind).length >= most) {
      throw new KvmError('ENOBUFS', { value: `another ${request.kind} at 0x${request.address.toString(16)}`, rule: `this core has ${most}`, remedy: `remove one first: ${this.#set.filter(({ kind }) => kind === request.kind).map(({ id }) => id).join(', ')}` });
    }
    const id = this.#nextId;
    this.#apply([...this.#set, { ...request, ...unit, id }]);
    this.#nextId++;
    return id;
  }

  #apply(set: readonly Set[]): void {
    const units = (kind: Requested['kind'], part: keyof Unit): bigint[] => set.filter((one) => one.kind === kind).map((one) => one[part]);
    const hardware: HardwareDebugRegisters = {
      bcr: units('breakpoint', 'control'), bvr: units('breakpoint', 'value'), wcr: units('watchpoint', 'control'), wvr: units('watchpoint', 'value'),
    };
    const enable = set.length > 0 || this.#stepping || this.#software;
    const debug: GuestDebug = { enable, singleStep: this.#stepping, softwareBreakpoints: this.#software, ...(set.length > 0 ? { hardware } : {}) };
    for (const vcpu of this.#vcpus) vcpu.setGuestDebug(debug);
    this.#set = set;
  }
}
