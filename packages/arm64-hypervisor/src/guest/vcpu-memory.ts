/** A vCPU's memory: one page of the host, whose parts are published layouts. */
import type { ByteOrder } from '@worldswitch/bits';
import type { LedgerOwner } from '@worldswitch/hypervisor';
import { Block } from '../context/block.ts';
import { CPU_CONTEXT, GUEST_DEBUG_ARCH, VCPU_PARTS, VCPU_STATE } from '../context/layout.ts';
import type { Layout } from '../context/layout.ts';
import type { HostMemory } from '../processor.ts';

/** What depends on the host and its revision. */
export interface VcpuMemoryOptions {
  /** How the revision lays out a context. */
  readonly context?: Layout;
  /** What the host's kernel adds to a physical address to have its own; see `Host.kernelBase`. */
  readonly kernelBase?: bigint;
}

/** Breakpoint and watchpoint registers by kind: control and value of either. */
export type DebugBank = 'bcr' | 'bvr' | 'wcr' | 'wvr';

/** Bits of `debug-flags`. Dirty: the debug registers must be switched at the next entry. */
export const DEBUG_DIRTY = 1n;

export class VcpuMemory {
  readonly id: number;
  readonly address: bigint;
  readonly context: Block;
  readonly state: Block;
  /** The guest's own debug registers. */
  readonly vcpuDebugState: Block;
  /** The host's, while the guest's are loaded. */
  readonly hostDebugState: Block;
  /** Those of a debugger in the VMM. */
  readonly externalDebugState: Block;

  readonly #kernelBase: bigint;
  readonly #memory: HostMemory;
  readonly #order: ByteOrder;
  /** Whether the debug registers are among the system registers of the context, and not in a set of their own. */
  readonly #debugInContext: boolean;

  constructor(id: number, address: bigint, memory: HostMemory, order: ByteOrder, { context = CPU_CONTEXT, kernelBase = 0n }: VcpuMemoryOptions = {}) {
    const name = `vcpu${id}`;
    const part = (label: string, offset: number, of: Layout, owner: LedgerOwner): Block => new Block(`${name}.${label}`, of, address + BigInt(offset), { memory, order, owner });
    this.id = id;
    this.address = address;
    this.#memory = memory;
    this.#order = order;
    this.#kernelBase = kernelBase;
    this.#debugInContext = context.slots.some((slot) => slot.name === 'DBGBCR0_EL1');
    this.context = new Block(name, context, address, { memory, order, owner: 'guest' });
    this.state = part('state', VCPU_PARTS.state, VCPU_STATE, 'guest');
    this.vcpuDebugState = part('vcpuDebugState', VCPU_PARTS.vcpuDebugState, GUEST_DEBUG_ARCH, 'guest');
    this.hostDebugState = part('hostDebugState', VCPU_PARTS.hostDebugState, GUEST_DEBUG_ARCH, 'host');
    this.externalDebugState = part('externalDebugState', VCPU_PARTS.externalDebugState, GUEST_DEBUG_ARCH, 'debugger');
    for (const block of [this.context, this.state, this.vcpuDebugState, this.hostDebugState, this.externalDebugState]) {
      for (const slot of block.layout.slots) block.set(slot.name, 0n);
    }
    this.debugPtr = this.vcpuDebugState;
  }

  get byteOrder(): ByteOrder {
    return this.#order;
  }

  /** Where the host's kernel has it. */
  get kernelAddress(): bigint {
    return this.#kernelBase + this.address;
  }

  /** The set that is loaded for the guest: its own, or the VMM's. Kept in memory as a pointer of the host's kernel, as the switch reads it. */
  get debugPtr(): Block {
    const pointer = this.state.get('debug-ptr');
    const set = this.#sets.find((block) => block.address + this.#kernelBase === pointer);
    if (!set) throw new RangeError(`debug-ptr 0x${pointer.toString(16)}: it points to vcpuDebugState or externalDebugState; use the setter`);
    return set;
  }
  set debugPtr(set: Block) {
    this.state.set('debug-ptr', set.address + this.#kernelBase);
  }

  /** The set at an address of EL2. Where there is none, what the switch takes for one: its accesses fault, or find what is there. */
  debugSet(address: bigint): Block {
    return this.#sets.find((block) => block.address === address)
      ?? new Block(`vcpu${this.id}.debug-ptr`, GUEST_DEBUG_ARCH, address, { memory: this.#memory, order: this.#order, owner: 'guest' });
  }
  get #sets(): readonly Block[] {
    return [this.vcpuDebugState, this.externalDebugState];
  }

  /** A debug register of the guest's own, wherever the layout has it. */
  debugRegister(bank: DebugBank, n: number): bigint {
    return this.#debugInContext ? this.context.get(`DBG${bank.toUpperCase()}${n}_EL1`) : this.vcpuDebugState.get(`${bank}${n}`);
  }
  setDebugRegister(bank: DebugBank, n: number, value: bigint): void {
    if (this.#debugInContext) this.context.set(`DBG${bank.toUpperCase()}${n}_EL1`, value);
    else this.vcpuDebugState.set(`${bank}${n}`, value);
  }

  get dirty(): boolean {
    return (this.state.get('debug-flags') & DEBUG_DIRTY) !== 0n;
  }
  markDirty(): void {
    this.state.set('debug-flags', this.state.get('debug-flags') | DEBUG_DIRTY);
  }
}
