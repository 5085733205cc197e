/** What descriptors refer to, who keeps it alive, and the table of descriptors of a program. */
import { KvmError } from '../error.ts';
import type { Device, Vm } from '../vm.ts';
import type { MmioExit } from '../exits.ts';
import type { Vcpu } from '../vcpu.ts';
import type { EventFd } from './eventfd.ts';
import type { VmEvents } from './events.ts';

/** Something that lives as long as somebody refers to it. */
export class Counted {
  #references = 1;
  readonly #end: () => void;

  /** `end` is called when the last reference goes. */
  constructor(end: () => void) {
    this.#end = end;
  }
  get alive(): boolean {
    return this.#references > 0;
  }
  take(): void {
    this.#references++;
  }
  drop(): void {
    if (this.#references > 0 && --this.#references === 0) this.#end();
  }
}

/** The program whose calls a VM takes: its address space, in the kernel's words. */
export type Owner = object;

/** A VM for as long as a descriptor of it, of a vCPU or of a device is open, or a vCPU is mapped. */
export interface VmObject<A> {
  readonly vm: Vm<A>;
  readonly owner: Owner;
  readonly counted: Counted;
  readonly events: VmEvents;
}

/** A vCPU's side of the byte layer. */
export interface VcpuObject<A> {
  readonly vcpu: Vcpu<A>;
  readonly vm: VmObject<A>;
  /** `struct kvm_run`'s page, and the page of coalesced MMIO. */
  readonly pages: Uint8Array;
  readonly counted: Counted;
  /** A read that waits for the program's answer in `kvm_run.mmio.data`. */
  pending: MmioExit | undefined;
  running: boolean;
  /** Waits for an interrupt, until a tick of the host or for ever. */
  idle: { readonly until?: bigint } | undefined;
  /** How often others were interrupted for it since it last ran. */
  passedOver: number;
  signalMask: Uint8Array | undefined;
}

export type OpenFile<A> =
  | { readonly kind: 'system'; readonly counted: Counted }
  | { readonly kind: 'vm'; readonly vm: VmObject<A>; readonly counted: Counted }
  | { readonly kind: 'vcpu'; readonly vcpu: VcpuObject<A>; readonly counted: Counted }
  | { readonly kind: 'device'; readonly device: Device; readonly vm: VmObject<A>; readonly counted: Counted }
  | { readonly kind: 'eventfd'; readonly event: EventFd; readonly counted: Counted };

/** Descriptors 0 to 2 are taken in every program. */
const FIRST = 3;
/** The usual limit of a program (RLIMIT_NOFILE). */
const LIMIT = 1024;

export class Descriptors<A> {
  readonly #files = new Map<number, OpenFile<A>>();

  get size(): number {
    return this.#files.size;
  }
  get(fd: number): OpenFile<A> | undefined {
    return this.#files.get(fd);
  }
  entries(): readonly (readonly [number, OpenFile<A>])[] {
    return [...this.#files];
  }

  /** The lowest free number. Throws `KvmError` EMFILE. */
  free(): number {
    for (let fd = FIRST; fd < LIMIT; fd++) if (!this.#files.has(fd)) return fd;
    throw new KvmError('EMFILE', { value: `${this.#files.size} open descriptors`, rule: `a program has ${LIMIT - FIRST}`, remedy: 'close some' });
  }
  /** Throws `KvmError` EMFILE. */
  add(file: OpenFile<A>): number {
    const fd = this.free();
    this.#files.set(fd, file);
    return fd;
  }
  /** The same file in another program's table. */
  share(fd: number, file: OpenFile<A>): void {
    file.counted.take();
    this.#files.set(fd, file);
  }
  /** False where nothing was open. */
  close(fd: number): boolean {
    const file = this.#files.get(fd);
    if (!file) return false;
    this.#files.delete(fd);
    file.counted.drop();
    return true;
  }
}
