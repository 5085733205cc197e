import type { Device, Initiator, InterruptLine, Plain, Width } from '@worldswitch/machine';
import { readLanes, writeLanes, type WordRegisters } from './word-registers.ts';

/** Register offsets, Arm Server Base System Architecture (DEN 0029) appendix E. */
export const MSI_TYPER = 0x008, MSI_SETSPI_NS = 0x040, MSI_IIDR = 0xfcc;

export interface GicV2mConfig {
  /** First INTID of the frame and how many. */
  readonly first: number;
  readonly count: number;
  /** The interrupt controller's input for an INTID; software configures these as edge-triggered. */
  readonly spi: (intid: number) => InterruptLine;
  /** Product in 31:20; default QEMU's. */
  readonly iidr?: number;
}

/** GICv2m MSI frame: a write of an INTID to MSI_SETSPI_NS pulses that SPI. It has no state. */
export class GicV2m implements Device, WordRegisters {
  readonly #config: GicV2mConfig;

  constructor(config: GicV2mConfig) {
    this.#config = config;
  }

  read(offset: number, width: Width, from: Initiator): bigint {
    return width === 4 || width === 8 ? readLanes(this, offset, width, from) : 0n;
  }

  write(offset: number, width: Width, value: bigint, from: Initiator): void {
    writeLanes(this, offset, width, value, from);
  }

  readWord(offset: number): number {
    switch (offset) {
      case MSI_TYPER: return (this.#config.first << 16) | this.#config.count;
      case MSI_IIDR: return this.#config.iidr ?? 0x0510_0000;
      default: return 0;
    }
  }

  writeWord(offset: number, value: number): void {
    const intid = value & 0x3ff;
    if (offset !== MSI_SETSPI_NS || intid < this.#config.first || intid >= this.#config.first + this.#config.count) return;
    const line = this.#config.spi(intid);
    line.set(true);
    line.set(false);
  }

  reset(): void {}
  save(): Plain { return null; }
  restore(): void {}
}
