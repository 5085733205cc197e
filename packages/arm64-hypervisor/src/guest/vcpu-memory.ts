/** A vCPU's memory: one page of the host, whose parts are published layouts. */
import type { ByteOrder } from '@worldswitch/bits';
import type { LedgerOwner } from '@worldswitch/hypervisor';
import { Block } from '../context/block.ts';
import { CPU_CONTEXT, GUEST_DEBUG_ARCH, VCPU_PARTS, VCPU_STATE } from '../context/layout.ts';
import type { Layout } from '../context/layout.ts';
import type { HostMemory } from '../processor.ts';

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

  constructor(id: number, address: bigint, memory: HostMemory, order: ByteOrder) {
    const name = `vcpu${id}`;
    const part = (label: string, offset: number, of: Layout, owner: LedgerOwner): Block => new Block(`${name}.${label}`, of, address + BigInt(offset), { memory, order, owner });
    this.id = id;
    this.address = address;
    this.context = new Block(name, CPU_CONTEXT, address, { memory, order, owner: 'guest' });
    this.state = part('state', VCPU_PARTS.state, VCPU_STATE, 'guest');
    this.vcpuDebugState = part('vcpuDebugState', VCPU_PARTS.vcpuDebugState, GUEST_DEBUG_ARCH, 'guest');
    this.hostDebugState = part('hostDebugState', VCPU_PARTS.hostDebugState, GUEST_DEBUG_ARCH, 'host');
    this.externalDebugState = part('externalDebugState', VCPU_PARTS.externalDebugState, GUEST_DEBUG_ARCH, 'debugger');
    for (const block of [this.context, this.state, this.vcpuDebugState, this.hostDebugState, this.externalDebugState]) {
      for (const slot of block.layout.slots) block.set(slot.name, 0n);
    }
    this.debugPtr = this.vcpuDebugState;
  }

  /** The set that is loaded for the guest: its own, or the VMM's. Kept in memory as an address, as the switch reads it. */
  get debugPtr(): Block {
    return this.debugSet(this.state.get('debug-ptr'));
  }
  set debugPtr(set: Block) {
    this.state.set('debug-ptr', set.address);
  }

  /** The set at an address. Throws RangeError for any other address. */
  debugSet(address: bigint): Block {
    const set = [this.vcpuDebugState, this.externalDebugState].find((block) => block.address === address);
    if (!set) throw new RangeError(`debug-ptr 0x${address.toString(16)}: it points to vcpuDebugState or externalDebugState; use the setter`);
    return set;
  }

  get dirty(): boolean {
    return (this.state.get('debug-flags') & DEBUG_DIRTY) !== 0n;
  }
  markDirty(): void {
    this.state.set('debug-flags', this.state.get('debug-flags') | DEBUG_DIRTY);
  }
}
