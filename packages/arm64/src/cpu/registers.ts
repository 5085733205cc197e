import { REGISTER_LIST, REGISTERS, layoutOf, masksOf, type RegisterName } from '@worldswitch/arm64-sysreg';
import type { Arm64Model } from './model.ts';

const INDEX = new Map<string, number>(REGISTER_LIST.map(({ name }, index) => [name, index]));

/** What a write leaves of a value. */
interface WriteMasks {
  readonly keep: bigint;
  readonly ones: bigint;
}

/**
 * Storage of the system registers: the bits that are there, nothing about access. Constants of the model are stored like
 * everything else and never written.
 */
export class SystemRegisters {
  readonly #values = new BigUint64Array(REGISTER_LIST.length);
  readonly #model: Arm64Model;
  readonly #masks = new Map<string, WriteMasks>();

  constructor(model: Arm64Model) {
    this.#model = model;
    this.reset();
  }

  reset(): void {
    this.#values.fill(0n);
    for (const { name, reset } of REGISTER_LIST) if (reset !== undefined) this.set(name, reset.value);
    for (const [name, value] of Object.entries({ ...this.#model.reset, ...this.#model.constants })) this.set(name as RegisterName, value);
  }
  /** The stored bits. */
  get(name: RegisterName): bigint {
    return this.#values[INDEX.get(name) as number];
  }
  /** Stores all 64 bits. */
  set(name: RegisterName, value: bigint): void {
    this.#values[INDEX.get(name) as number] = value;
  }
  /**
   * What a write by the guest stores: reserved bits and bits of absent features as the layout says (`e2h` selects it), the rest
   * of the value. Identification registers and other constants keep theirs.
   */
  legalise(name: RegisterName, value: bigint, e2h: boolean): bigint {
    if (name in this.#model.constants) return this.get(name);
    const key = e2h ? `${name}+E2H` : name;
    let masks = this.#masks.get(key);
    if (masks === undefined) {
      const { implemented, res1, rao } = masksOf(layoutOf(name, { e2h }), this.#model.features);
      masks = { keep: implemented, ones: res1 | rao };
      this.#masks.set(key, masks);
    }
    return (value & masks.keep) | masks.ones;
  }

  save(): readonly string[] {
    return [...this.#values].map((value) => value.toString(16));
  }
  restore(values: readonly string[]): void {
    values.forEach((value, index) => { this.#values[index] = BigInt(`0x${value}`); });
  }
}

/** By family, then by level: asked for at every exception. */
const BANKED = new Map<string, RegisterName[]>();

/** The register of an `_EL1`-style family at a level: `banked('ELR', 2)` is ELR_EL2. */
export function banked(stem: string, el: number): RegisterName {
  const family = BANKED.get(stem);
  const known = family?.[el];
  if (known !== undefined) return known;
  const name = `${stem}_EL${el}`;
  if (!(name in REGISTERS)) throw new RangeError(`${name} is no system register`);
  const names = family ?? [];
  names[el] = name as RegisterName;
  BANKED.set(stem, names);
  return names[el];
}
