/** The virtualisation extensions of a GICv2: GICH by loads and stores (IHI 0048B 5.3). */
import type { Block } from '../context/block.ts';
import type { HostedCode } from '../switch/code.ts';
import { lrSlot } from './interface.ts';
import type { Listed, VirtualInterface } from './interface.ts';

const GICH_HCR = 0x00n;
const GICH_VTR = 0x04n;
const GICH_VMCR = 0x08n;
const GICH_ELRSR0 = 0x30n;
const GICH_APR = 0xf0n;
const GICH_LR0 = 0x100n;
/** GICH_LR (IHI 0048B 5.3.9). With HW set, bits 19:10 are the physical interrupt, and EOI is one of them; without it 12:10 are who sent a software interrupt. */
const LR = { id: 0x3ffn, physical: 10n, sender: 10n, eoi: 1n << 19n, pending: 1n << 28n, active: 1n << 29n, group1: 1n << 30n, hw: 1n << 31n } as const;
const LIST_REGISTERS = 0x3fn;

export class GicV2VirtualInterface implements VirtualInterface {
  readonly version = 2;
  readonly listRegisters: number;
  readonly cpuInterface: bigint;
  readonly #base: bigint;

  /** Asks at `control` (GICH) how many list registers there are. `cpuInterface` is GICV. */
  constructor(code: HostedCode, { control, cpuInterface }: { readonly control: bigint; readonly cpuInterface: bigint }) {
    this.#base = control;
    this.cpuInterface = cpuInterface;
    this.listRegisters = Number(this.#read(code, GICH_VTR) & LIST_REGISTERS) + 1;
    this.#write(code, GICH_HCR, 0n);
  }

  encode({ id, priority, group, pending, active, tellEnd, physical, sender = 0 }: Listed): bigint {
    const end = physical !== undefined ? LR.hw | (BigInt(physical) << LR.physical) : (BigInt(sender) << LR.sender) | (tellEnd ? LR.eoi : 0n);
    return BigInt(id) | (BigInt(priority >> 3) << 23n) | (group === 1 ? LR.group1 : 0n) | (pending ? LR.pending : 0n) | (active ? LR.active : 0n) | end;
  }
  decode(value: bigint): ReturnType<VirtualInterface['decode']> {
    const sender = (value & LR.hw) === 0n ? Number((value >> LR.sender) & 7n) : 0;
    return {
      id: Number(value & LR.id), pending: (value & LR.pending) !== 0n, active: (value & LR.active) !== 0n,
      ...(sender !== 0 && { sender }), ...((value & LR.hw) !== 0n && { physical: Number((value >> LR.physical) & LR.id) }),
    };
  }

  flush(code: HostedCode, state: Block): boolean {
    const used = code.load(state, 'vgic-used');
    if (used === 0n) return false;
    this.#write(code, GICH_HCR, code.load(state, 'vgic-hcr'));
    for (let n = 0; n < used; n++) this.#write(code, lr(n), code.load(state, lrSlot(n)));
    return true;
  }

  sync(code: HostedCode, state: Block): boolean {
    const used = code.load(state, 'vgic-used');
    if (used === 0n) return false;
    const empty = this.#read(code, GICH_ELRSR0);
    this.#write(code, GICH_HCR, 0n);
    for (let n = 0; n < used; n++) {
      // An empty one need not be read: its interrupt is over.
      const value = ((empty >> BigInt(n)) & 1n) !== 0n ? code.load(state, lrSlot(n)) & ~(LR.pending | LR.active) : this.#read(code, lr(n));
      code.store(state, lrSlot(n), value);
      this.#write(code, lr(n), 0n);
    }
    return true;
  }

  loadControl(code: HostedCode, state: Block): void {
    this.#write(code, GICH_VMCR, code.load(state, 'vgic-vmcr'));
  }
  putControl(code: HostedCode, state: Block): void {
    code.store(state, 'vgic-vmcr', this.#read(code, GICH_VMCR));
  }
  loadActive(code: HostedCode, state: Block): void {
    this.#write(code, GICH_APR, code.load(state, 'vgic-ap0'));
  }
  putActive(code: HostedCode, state: Block): void {
    code.store(state, 'vgic-ap0', this.#read(code, GICH_APR));
  }

  #read(code: HostedCode, offset: bigint): bigint {
    return code.loadDevice(this.#base + offset, 4);
  }
  #write(code: HostedCode, offset: bigint, value: bigint): void {
    code.storeDevice(this.#base + offset, 4, value);
  }
}

const lr = (n: number): bigint => GICH_LR0 + 4n * BigInt(n);
