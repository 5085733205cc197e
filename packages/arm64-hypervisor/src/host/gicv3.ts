/** How the host's kernel talks to a GICv3: system registers of its level, and two blocks of device registers (IHI 0069 12.9, 12.11). */
import type { HostMemory } from '../processor.ts';
import type { HostedCode } from '../switch/code.ts';
import { GicV3VirtualInterface } from '../vgic/gicv3.ts';
import type { VirtualInterface } from '../vgic/interface.ts';
import { KICK_INTID } from './interrupts.ts';
import type { HostInterrupts } from './interrupts.ts';

const GICD_CTLR = 0x000n;
/** Affinity routing, groups 1 and 0 (one Security state). */
const GICD_ARE_AND_GROUPS = 0x13n;
const GICR_WAKER = 0x014n;
/** The frame of SGIs and PPIs, whose registers for them are where the distributor has those of the others. */
const SGI_FRAME = 0x1_0000n;
const GICR_IGROUPR0 = SGI_FRAME + 0x080n;
const GICR_ISPENDR0 = SGI_FRAME + 0x200n;
const ISENABLER = 0x100n;
const ICENABLER = 0x180n;
const ISACTIVER = 0x300n;
const ICACTIVER = 0x380n;
const PRIVATE = 32;
const SPURIOUS = 1020n;

/** A GICv3 by the physical addresses of its distributor and of the redistributor of processor 0. */
export class HostGicV3 implements HostInterrupts {
  readonly #distributor: bigint;
  readonly #redistributor: bigint;

  constructor({ distributor, redistributor }: { readonly distributor: bigint; readonly redistributor: bigint }) {
    this.#distributor = distributor;
    this.#redistributor = redistributor;
  }

  initialise(code: HostedCode): void {
    code.storeDevice(this.#distributor + GICD_CTLR, 4, GICD_ARE_AND_GROUPS);
    code.storeDevice(this.#redistributor + GICR_WAKER, 4, 0n);
    code.storeDevice(this.#redistributor + GICR_IGROUPR0, 4, 0xffff_ffffn);
    code.write('ICC_PMR_EL1', 0xf0n);
    code.write('ICC_IGRPEN1_EL1', 1n);
    code.isb();
    this.setEnabled(code, KICK_INTID, true);
  }

  virtualInterface(code: HostedCode): VirtualInterface {
    return new GicV3VirtualInterface(code);
  }

  kick(memory: HostMemory): void {
    memory.write(this.#redistributor + GICR_ISPENDR0, 4, 1n << BigInt(KICK_INTID), 0);
  }

  acknowledge(code: HostedCode): number | undefined {
    const id = code.read('ICC_IAR1_EL1') & 0xff_ffffn;
    return id >= SPURIOUS && id < 1024n ? undefined : Number(id);
  }

  complete(code: HostedCode, id: number): void {
    code.write('ICC_EOIR1_EL1', BigInt(id));
  }

  setEnabled(code: HostedCode, id: number, enabled: boolean): void {
    this.#setBit(code, enabled ? ISENABLER : ICENABLER, id);
  }

  setActive(code: HostedCode, id: number, active: boolean): void {
    this.#setBit(code, active ? ISACTIVER : ICACTIVER, id);
  }

  #setBit(code: HostedCode, registers: bigint, id: number): void {
    const frame = id < PRIVATE ? this.#redistributor + SGI_FRAME : this.#distributor;
    code.storeDevice(frame + registers + 4n * BigInt(id >> 5), 4, 1n << BigInt(id & 31));
  }
}
