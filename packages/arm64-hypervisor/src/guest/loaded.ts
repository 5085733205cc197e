/**
 * What of a guest is in the processor between load and put: the host's kernel, which is at EL2, reaches it there by the names of the EL1
 * world, as in memory it is old.
 */
import type { HostedCode } from '../switch/code.ts';
import { FULL_CONTEXT, named } from '../switch/steps/registers.ts';

const BY_SLOT = new Map(FULL_CONTEXT.map((moved) => [moved.slot, moved]));

/** `mdcr` of the vCPU's state, where MDCR_EL2 is loaded too. */
export const MDCR_SLOT = 'mdcr';

export class LoadedRegisters {
  readonly #code: HostedCode;
  readonly #slots: ReadonlySet<string>;

  /** `slots`: see `Revision.loaded`. */
  constructor(code: HostedCode, slots: ReadonlySet<string>) {
    this.#code = code;
    this.#slots = slots;
  }

  has(slot: string): boolean {
    return this.#slots.has(slot);
  }

  /** The register of a slot of the context, by its accessor in the mode. Throws RangeError for a slot whose register no list has. */
  read(slot: string): bigint {
    return this.#emulation().read(this.#register(slot), 'guest');
  }

  write(slot: string, value: bigint): void {
    this.#emulation().write(this.#register(slot), value, 'guest');
  }

  /** A changed `mdcr` of the guest's, if the processor has it. */
  mdcrChanged(value: bigint): void {
    if (this.has(MDCR_SLOT)) this.#emulation().write('MDCR_EL2', value, 'guest');
  }

  #emulation(): HostedCode {
    this.#code.place = { step: 'emulation', phase: '', kind: 'host' };
    return this.#code;
  }

  #register(slot: string): ReturnType<typeof named> {
    const moved = BY_SLOT.get(slot);
    if (moved === undefined) throw new RangeError(`slot ${slot}: no list of registers has it; a revision loads slots of FULL_CONTEXT`);
    return named(this.#code, moved);
  }
}
