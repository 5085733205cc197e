import type { AccessShape, Core, PhysicalMemory } from '@worldswitch/engine';
import type { ExclusiveMonitor } from '@worldswitch/machine';
import { EXCLUSIVE, PAIR } from '../execute/attributes.ts';

/** What exclusive accesses need of the processor. */
export interface ExclusivesPort {
  readonly index: number;
  readonly monitor: ExclusiveMonitor;
  readonly memory: PhysicalMemory;
  core(): Core;
  /** The physical address of an access that was checked before. */
  physical(address: bigint, kind: 'read' | 'write'): number | undefined;
}

interface Reservation {
  readonly physical: number;
  readonly bytes: number;
  readonly value: bigint;
}

/**
 * Load-exclusive and store-exclusive (DDI 0487 B2.17). A store passes where the monitor still holds the location *and* memory holds
 * what was loaded: plain stores of other processors run in generated code and do not tell the monitor.
 */
export class Exclusives {
  readonly #port: ExclusivesPort;
  #reservation: Reservation | undefined;

  constructor(port: ExclusivesPort) {
    this.#port = port;
  }

  clear(): void {
    this.#reservation = undefined;
    this.#port.monitor.clear(this.#port.index);
  }
  load(address: bigint, bytes: number): void {
    const physical = this.#port.physical(address, 'read');
    if (physical === undefined) return;
    this.#reservation = { physical, bytes, value: this.#value(physical, bytes) };
    this.#port.monitor.reserve(this.#port.index, BigInt(physical));
  }
  /** 0 where the store was made, 1 where not; undefined where the access faulted. */
  store(address: bigint, first: bigint, second: bigint, bytes: number, attributes: number): bigint | undefined {
    const element = ((attributes & PAIR) !== 0 ? bytes / 2 : bytes) as AccessShape['element'];
    const shape: AccessShape = { kind: 'write', size: bytes, element, alignment: 'strict', alignTo: bytes, unprivileged: false, attributes: attributes | EXCLUSIVE };
    const access = this.#port.core().access(address, shape);
    if (access === undefined) return undefined;
    const physical = this.#port.physical(address, 'write');
    const held = this.#reservation;
    const passes = physical !== undefined && held !== undefined && held.physical === physical && held.bytes === bytes
      && this.#port.monitor.holds(this.#port.index, BigInt(physical)) && this.#value(physical, bytes) === held.value;
    if (passes) this.#port.monitor.claim(this.#port.index, BigInt(physical));
    this.clear();
    if (!passes) return 1n;
    access.write(0, element, BigInt.asUintN(element * 8, first));
    if (element !== bytes) access.write(element, element, BigInt.asUintN(element * 8, second));
    return 0n;
  }
  save(): { readonly physical: number; readonly bytes: number; readonly value: string } | null {
    return this.#reservation === undefined ? null : { ...this.#reservation, value: this.#reservation.value.toString(16) };
  }
  restore(state: ReturnType<Exclusives['save']>): void {
    this.#reservation = state === null ? undefined : { ...state, value: BigInt(`0x${state.value}`) };
  }

  #value(physical: number, bytes: number): bigint {
    return this.#port.memory.read(physical, bytes, 'little', 'debugger') ?? 0n;
  }
}
