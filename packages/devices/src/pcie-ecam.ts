import { MachineError, stateOf, truncate, type Device, type Initiator, type Plain, type Width } from '@worldswitch/machine';

/** A function on bus 0: its configuration space, and which bits software may change. Offsets as in PCI Local Bus 3.0, section 6.1. */
export interface PciFunction {
  readonly device: number;
  readonly function: number;
  /** Little-endian configuration bytes after reset, 256 (conventional) or 4096 (Express). */
  readonly configuration: Uint8Array;
  /** As long; a set bit is writable. */
  readonly writable: Uint8Array;
}

/** The identity and writable bits of QEMU's generic Express root (what a guest finds at 00:00.0 of `virt`), measured. */
export function gpexRoot(): PciFunction {
  const configuration = new Uint8Array(256);
  configuration.set([0x36, 0x1b, 0x08, 0x00], 0x00); // Red Hat 1b36:0008
  configuration[0x0b] = 0x06; // host bridge
  configuration.set([0xf4, 0x1a, 0x00, 0x11], 0x2c); // subsystem 1af4:1100
  const writable = new Uint8Array(256);
  writable.set([0x07, 0x05], 0x04); // command: I/O, memory, bus master, SERR, interrupt disable
  writable[0x0c] = 0xff; // cache line size
  writable[0x3c] = 0xff; // interrupt line
  writable.fill(0xff, 0x40); // device-specific space is plain storage
  return { device: 0, function: 0, configuration, writable };
}

/**
 * PCI Express enhanced configuration access mechanism: 4 KiB of window per function at bus << 20 | device << 15 | function << 12
 * (PCI Express Base 4.0, section 7.2.2). Absent functions read as all ones. No function here has base address registers:
 * it is the host bridge that makes probing software happy, not a bus with devices on it.
 */
export class PcieEcam implements Device {
  readonly #functions = new Map<number, { readonly reset: PciFunction; readonly bytes: Uint8Array }>();

  constructor(functions: readonly PciFunction[] = [gpexRoot()]) {
    for (const fn of functions) {
      const key = (fn.device << 15) | (fn.function << 12);
      if (fn.configuration.length !== fn.writable.length || this.#functions.has(key)) {
        throw new MachineError('bad-range', `PCIe: function 00:${fn.device}.${fn.function} is given twice or its masks (${fn.writable.length} bytes) do not cover its configuration (${fn.configuration.length}); give each function once, with masks of equal length.`);
      }
      this.#functions.set(key, { reset: fn, bytes: fn.configuration.slice() });
    }
  }

  read(offset: number, width: Width, _from: Initiator): bigint {
    const register = offset % 0x1000;
    const found = this.#functions.get(offset - register);
    if (!found || register >= found.bytes.length) return truncate(-1n, width);
    let value = 0n;
    for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(found.bytes[register + i] ?? 0xff);
    return value;
  }

  write(offset: number, width: Width, value: bigint, _from: Initiator): void {
    const register = offset % 0x1000;
    const found = this.#functions.get(offset - register);
    if (!found) return;
    for (let i = 0; i < width && register + i < found.bytes.length; i++) {
      const mask = found.reset.writable[register + i];
      const byte = Number((value >> BigInt(8 * i)) & 0xffn);
      found.bytes[register + i] = (found.bytes[register + i] & ~mask) | (byte & mask);
    }
  }

  reset(): void {
    for (const { reset, bytes } of this.#functions.values()) bytes.set(reset.configuration);
  }

  save(): Plain {
    return { functions: [...this.#functions.values()].map(({ bytes }) => bytes.slice()) };
  }

  restore(state: Plain): void {
    const s = stateOf<{ functions: readonly Uint8Array[] }>(state, 'PCIe', ['functions']);
    [...this.#functions.values()].forEach(({ bytes }, index) => { if (s.functions[index]) bytes.set(s.functions[index]); });
  }
}

/** A bus window with nothing behind it: reads are master aborts, all ones; writes vanish (PCI Local Bus 3.0, section 6.1). */
export class OpenBus implements Device {
  read(_offset: number, width: Width): bigint { return truncate(-1n, width); }
  write(): void {}
  reset(): void {}
  save(): Plain { return null; }
  restore(): void {}
}
