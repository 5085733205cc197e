/**
 * Where the registers of a vCPU are: in memory between runs, some on the processor while the guest is stopped in the middle. What a debugger in
 * the VMM has put there in place of the guest's own is never shown.
 */
import { setDebugRegister } from '../guest/one-reg.ts';
import type { CounterOffsets } from '../guest/counter-offsets.ts';
import type { Guest } from '../guest/guest.ts';
import type { DebugBank } from '../guest/vcpu-memory.ts';
import type { HostProcessor } from '../processor.ts';
import type { FaultName } from '../switch/faults.ts';

/** A register's place. */
export type Place =
  /** A slot of the guest's context. `live`: what the processor calls it, where it can be taken from there. */
  | { readonly kind: 'context'; readonly slot: string; readonly live?: string }
  | { readonly kind: 'debug'; readonly bank: DebugBank; readonly n: number }
  /** A slot of the vCPU's state: its timers. */
  | { readonly kind: 'state'; readonly slot: string }
  /** What the virtual counter is behind, which is the VM's. */
  | { readonly kind: 'offset' };

export interface StorageSetup {
  readonly guest: Guest;
  readonly processor: HostProcessor;
  readonly counters: CounterOffsets;
  /** Whether the guest stands on the processor. */
  readonly live: () => boolean;
  /** Takes a guest that stands on the processor off it. */
  readonly settle: () => void;
  readonly faithful?: ReadonlySet<FaultName>;
}

/** Registers that the switch moves, and that nobody but the guest changes while it runs: these are looked at where they are. */
const ON_PROCESSOR: ReadonlySet<string> = new Set([
  ...Array.from({ length: 31 }, (_, n) => `x${n}`), 'SP_EL0', 'SP_EL1', 'ELR_EL1', 'SPSR_EL1',
  'VMPIDR_EL2', 'SCTLR_EL1', 'CPACR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'ESR_EL1', 'AFSR0_EL1', 'AFSR1_EL1', 'FAR_EL1', 'MAIR_EL1', 'VBAR_EL1',
  'CONTEXTIDR_EL1', 'TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'AMAIR_EL1', 'CNTKCTL_EL1', 'PAR_EL1',
]);

/** The place of a slot of the context. */
export function contextPlace(slot: string): Extract<Place, { kind: 'context' }> {
  if (slot === 'PC') return { kind: 'context', slot, live: 'pc' };
  return ON_PROCESSOR.has(slot) ? { kind: 'context', slot, live: slot } : { kind: 'context', slot };
}

export class GuestStorage {
  readonly guest: Guest;
  readonly #setup: StorageSetup;

  constructor(setup: StorageSetup) {
    this.guest = setup.guest;
    this.#setup = setup;
  }

  read(place: Place): bigint {
    const { processor, live } = this.#setup;
    if (live()) {
      const there = place.kind === 'context' && place.live !== undefined ? processor.debugger.read(place.live) : undefined;
      if (there !== undefined) return there;
      this.settle();
    }
    const { memory } = this.guest;
    switch (place.kind) {
      case 'context': return memory.context.get(place.slot);
      case 'debug': return memory.debugRegister(place.bank, place.n);
      case 'state': return memory.state.get(place.slot);
      case 'offset': return this.#setup.counters.virtual;
    }
  }

  /** Throws `KvmError` EFAULT for a debug register on a host that is faithful to `one-reg-copy`. */
  write(place: Place, value: bigint): void {
    this.settle();
    const { guest, guest: { memory } } = this;
    const { faithful = new Set() } = this.#setup;
    switch (place.kind) {
      case 'context': return memory.context.set(place.slot, value);
      case 'debug': return setDebugRegister({ memory: guest.memory, faithful }, place.bank, place.n, value);
      case 'state': return memory.state.set(place.slot, value);
      case 'offset': return this.#setup.counters.set('virtual', value);
    }
  }

  /** Takes the guest off the processor, if it is there. */
  settle(): void {
    if (this.#setup.live()) this.#setup.settle();
  }
}
