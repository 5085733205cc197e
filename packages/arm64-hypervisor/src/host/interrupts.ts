/** How the host's kernel talks to its interrupt controller: by loads and stores of its own. */
import type { HostMemory } from '../processor.ts';
import type { HostedCode } from '../switch/code.ts';
import { GicV2VirtualInterface } from '../vgic/gicv2.ts';
import type { VirtualInterface } from '../vgic/interface.ts';

/** Interrupt numbers of the timers (Arm Base System Architecture). */
export const INTID = { virtualTimer: 27, hypPhysicalTimer: 26, physicalTimer: 30 } as const;

export interface HostInterrupts {
  /** Once, when the host boots. */
  initialise(code: HostedCode): void;
  /** The virtual CPU interface of the controller, asked for once, at EL2; absent where there is none. */
  virtualInterface?(code: HostedCode): VirtualInterface | undefined;
  /** Takes the interrupt that is signalled; undefined when it is spurious. */
  acknowledge(code: HostedCode): number | undefined;
  complete(code: HostedCode, id: number): void;
  setEnabled(code: HostedCode, id: number, enabled: boolean): void;
  /** Makes an interrupt active without its having come, or inactive: an active one is not signalled. */
  setActive(code: HostedCode, id: number, active: boolean): void;
  /** An inter-processor interrupt to the processor that runs the guest: sent from outside it, so by a store to memory, not by its instructions. */
  kick(memory: HostMemory): void;
}

/** The software interrupt that only makes a guest leave. */
export const KICK_INTID = 1;

const GICD_CTLR = 0x000n;
const GICD_ISENABLER = 0x100n;
const GICD_ICENABLER = 0x180n;
const GICD_ISACTIVER = 0x300n;
const GICD_ICACTIVER = 0x380n;
const GICD_SGIR = 0xf00n;
const GICC_CTLR = 0x00n;
const GICC_PMR = 0x04n;
const GICC_IAR = 0x0cn;
const GICC_EOIR = 0x10n;
const SPURIOUS = 1020n;

/** A GICv2 by the physical addresses of its parts; the last two where it has the virtualisation extensions, GICH and GICV (IHI 0048B 4.3, 4.4, 5.3). */
export interface HostGicV2Places {
  readonly distributor: bigint;
  readonly cpuInterface: bigint;
  readonly virtualControl?: bigint;
  readonly virtualCpuInterface?: bigint;
}

export class HostGicV2 implements HostInterrupts {
  readonly #distributor: bigint;
  readonly #cpu: bigint;

  readonly #virtual: { readonly control: bigint; readonly cpuInterface: bigint } | undefined;

  constructor({ distributor, cpuInterface, virtualControl, virtualCpuInterface }: HostGicV2Places) {
    this.#distributor = distributor;
    this.#cpu = cpuInterface;
    this.#virtual = virtualControl === undefined || virtualCpuInterface === undefined ? undefined : { control: virtualControl, cpuInterface: virtualCpuInterface };
  }

  virtualInterface(code: HostedCode): VirtualInterface | undefined {
    return this.#virtual && new GicV2VirtualInterface(code, this.#virtual);
  }

  initialise(code: HostedCode): void {
    code.storeDevice(this.#distributor + GICD_CTLR, 4, 1n);
    code.storeDevice(this.#cpu + GICC_PMR, 4, 0xf0n);
    code.storeDevice(this.#cpu + GICC_CTLR, 4, 1n);
    this.setEnabled(code, KICK_INTID, true);
  }

  kick(memory: HostMemory): void {
    // To processor 0, by the target list (IHI 0048B 4.3.15).
    memory.write(this.#distributor + GICD_SGIR, 4, (1n << 16n) | BigInt(KICK_INTID), 0);
  }

  acknowledge(code: HostedCode): number | undefined {
    const id = code.loadDevice(this.#cpu + GICC_IAR, 4) & 0x3ffn;
    return id >= SPURIOUS ? undefined : Number(id);
  }

  complete(code: HostedCode, id: number): void {
    code.storeDevice(this.#cpu + GICC_EOIR, 4, BigInt(id));
  }

  setEnabled(code: HostedCode, id: number, enabled: boolean): void {
    this.#setBit(code, enabled ? GICD_ISENABLER : GICD_ICENABLER, id);
  }

  setActive(code: HostedCode, id: number, active: boolean): void {
    this.#setBit(code, active ? GICD_ISACTIVER : GICD_ICACTIVER, id);
  }

  #setBit(code: HostedCode, registers: bigint, id: number): void {
    code.storeDevice(this.#distributor + registers + 4n * BigInt(id >> 5), 4, 1n << BigInt(id & 31));
  }
}
