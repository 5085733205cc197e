/**
 * Identification registers of a VM: the host's as the kernel found them at boot, less what guests are not given, less what the VMM has
 * lowered. One set for all vCPUs; fixed once one has run.
 */
import { ID_AA64DFR0_EL1, ID_AA64PFR0_EL1, REGISTERS, isRegisterName, nameOf, packEncoding } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { Profile } from '../abi/profile.ts';
import { AARCH32_IDENTIFICATION, IDENTIFICATION } from './facts/identification.ts';
import type { FieldRule, IdentificationName, IdentificationRow } from './facts/identification.ts';

/** What a VM's registers depend on. */
export interface IdentifiedVm {
  /** A register of the host. */
  readonly host: (name: RegisterName) => bigint;
  readonly profile: Profile;
  /** Whether its vCPUs have performance monitors. */
  readonly pmu: () => boolean;
  readonly ranOnce: () => boolean;
}

interface Field {
  readonly name: string;
  readonly rule: FieldRule;
  readonly shift: bigint;
  readonly width: number;
  readonly mask: bigint;
  readonly least: bigint;
}

const rowOf = (name: IdentificationName): IdentificationRow => IDENTIFICATION[name];

/** A field in one piece. Throws RangeError for any other, and for one that the register does not have. */
function bounds(spec: unknown, what: string): readonly [number, number] {
  const [high, low] = Array.isArray(spec) ? spec as readonly unknown[] : [];
  if (typeof high !== 'number' || typeof low !== 'number') throw new RangeError(`${what}: no such field in one piece; name it as the register table does`);
  return [high, low];
}

function fieldsOf(name: IdentificationName): readonly Field[] {
  const specs = REGISTERS[name].layouts['only'].fields;
  const { fields, least = {} } = rowOf(name);
  return Object.entries(fields).map(([field, rule]): Field => {
    const spec: unknown = specs[field];
    const [high, low] = typeof spec === 'number' ? [spec, spec] : bounds(spec, `${name}.${field}`);
    const shift = BigInt(low);
    return { name: field, rule, shift, width: high - low + 1, mask: ((1n << BigInt(high - low + 1)) - 1n) << shift, least: least[field] ?? 0n };
  });
}

const FIELDS: ReadonlyMap<IdentificationName, readonly Field[]> = new Map((Object.keys(IDENTIFICATION) as IdentificationName[]).map((name) => [name, fieldsOf(name)]));

/** PMUv3 for Armv8.5: as much as is emulated (DDI 0487 ID_AA64DFR0_EL1.PMUVer); 0xf is a PMU of the host's own making. */
const HIGHEST_PMU = 6;
const OTHER_PMU = 15;
/** Fields that could be written before there was more: CSV2 and CSV3. */
const WRITABLE_6_1: ReadonlySet<string> = new Set(['CSV2', 'CSV3']);

/** What a register is made of, that is one of those. */
type Kind =
  | { readonly kind: 'fields'; readonly name: IdentificationName }
  /** Zero, and it stays so. */
  | { readonly kind: 'reserved' }
  /** Zero; writes are taken and forgotten. */
  | { readonly kind: 'aarch32' };

const FIRST = packEncoding(3, 0, 0, 1, 0);
const LAST = packEncoding(3, 0, 0, 7, 7);

/** Encodings from ID_PFR0_EL1 on (op0 3, op1 0, CRn 0, CRm 1 to 7), and CTR_EL0. */
function kindOf(packed: number): Kind | undefined {
  if (packed !== REGISTERS.CTR_EL0.packed && (packed < FIRST || packed > LAST)) return undefined;
  const name = nameOf(packed, 'read');
  if (!isRegisterName(name)) return { kind: 'reserved' };
  if (name in IDENTIFICATION) return { kind: 'fields', name: name as IdentificationName };
  return { kind: AARCH32_IDENTIFICATION.includes(name) ? 'aarch32' : 'reserved' };
}

/** All of them, by packed encoding. */
export const IDENTIFICATION_ENCODINGS: readonly number[] = [...Array.from({ length: LAST - FIRST + 1 }, (_, n) => FIRST + n), REGISTERS.CTR_EL0.packed];

export class Identification {
  readonly #vm: IdentifiedVm;
  readonly #host = new Map<IdentificationName, bigint>();
  readonly #written = new Map<IdentificationName, bigint>();
  #gicv3 = false;

  constructor(vm: IdentifiedVm) {
    this.#vm = vm;
  }

  /** Whether the VM's interrupt controller is a GICv3, whose CPU interface is in system registers. */
  set gicv3(is: boolean) {
    this.#gicv3 = is;
    const written = this.#written.get('ID_AA64PFR0_EL1');
    if (written !== undefined) this.#written.set('ID_AA64PFR0_EL1', (written & ~ID_AA64PFR0_EL1.mask('GIC')) | ID_AA64PFR0_EL1.encode({ GIC: is ? 1 : 0 }));
  }

  /** By packed encoding; undefined for one that is no identification register. */
  read(packed: number): bigint | undefined {
    const kind = kindOf(packed);
    if (kind === undefined) return undefined;
    return kind.kind === 'fields' ? this.value(kind.name) : 0n;
  }

  value(name: IdentificationName): bigint {
    return this.#written.get(name) ?? this.limit(name);
  }

  /** Throws `KvmError` EBUSY for another value once a vCPU has run, EINVAL for one that promises what there is not. */
  write(packed: number, value: bigint): void {
    const kind = kindOf(packed);
    if (kind === undefined || kind.kind === 'aarch32') return;
    const shown = nameOf(packed, 'read');
    if (this.#vm.ranOnce() && this.#vm.profile !== '6.1') {
      const fixed = this.read(packed) as bigint;
      if (value !== fixed) refuse('EBUSY', `${shown} = ${hex(value)}`, `it stays ${hex(fixed)} once a vCPU has run`, 'set it before');
      return;
    }
    if (kind.kind === 'reserved') {
      if (value !== 0n) refuse('EINVAL', `${shown} = ${hex(value)}`, 'it is reserved, and zero', 'write zero or leave it out');
      return;
    }
    this.#check(kind.name, value);
    this.#written.set(kind.name, value);
  }

  /** Bits of a register that a VMM can change (KVM_ARM_GET_REG_WRITABLE_MASKS). */
  writable(packed: number): bigint {
    const kind = kindOf(packed);
    if (kind?.kind !== 'fields') return 0n;
    return (FIELDS.get(kind.name) as readonly Field[]).reduce((all, field) => all | (this.#ruleOf(field) === 'fixed' ? 0n : field.mask), 0n);
  }

  /** The most that can be promised: what it is until the VMM says otherwise. */
  limit(name: IdentificationName): bigint {
    const { hidden = {}, constant = 0n } = rowOf(name);
    const shown = (FIELDS.get(name) as readonly Field[]).filter((field) => !(field.name in hidden)).reduce((all, { mask }) => all | mask, constant);
    return (this.#hostValue(name) & shown) | this.#ofTheVm(name);
  }

  #hostValue(name: IdentificationName): bigint {
    const known = this.#host.get(name) ?? this.#vm.host(name);
    this.#host.set(name, known);
    return known;
  }

  #ofTheVm(name: IdentificationName): bigint {
    switch (name) {
      // A processor that does nothing ahead of time is safe from what is in the way of its predictions.
      case 'ID_AA64PFR0_EL1': return ID_AA64PFR0_EL1.encode({ CSV2: 1, CSV3: 1, GIC: this.#gicv3 ? 1 : 0 });
      case 'ID_AA64DFR0_EL1': {
        const { PMUVer } = ID_AA64DFR0_EL1.decode(this.#hostValue(name));
        return this.#vm.pmu() && PMUVer !== OTHER_PMU ? ID_AA64DFR0_EL1.encode({ PMUVer: Math.min(PMUVer, HIGHEST_PMU) }) : 0n;
      }
      default: return 0n;
    }
  }

  #ruleOf({ name, rule }: Field): FieldRule {
    return this.#vm.profile === '6.1' && !WRITABLE_6_1.has(name) ? 'fixed' : rule;
  }

  #check(name: IdentificationName, value: bigint): void {
    const limit = this.limit(name);
    let others = ~0n;
    for (const field of FIELDS.get(name) as readonly Field[]) {
      others &= ~field.mask;
      const [wanted, most] = [(value & field.mask) >> field.shift, (limit & field.mask) >> field.shift];
      const rule = this.#ruleOf(field);
      if (wanted === most || (stands(rule, wanted, most, field.width) && wanted >= field.least)) continue;
      refuse('EINVAL', `${name}.${field.name} = ${hex(wanted)}`, describe(rule, most, field.least), `choose such a value, or ${hex(most)}`);
    }
    if ((value & others) !== (limit & others)) {
      refuse('EINVAL', `${name} = ${hex(value)}`, `its other bits are ${hex(limit & others & ((1n << 64n) - 1n))}`, 'change the fields that can be lowered alone');
    }
  }
}

/** Whether a value can stand in for the host's. */
function stands(rule: FieldRule, wanted: bigint, most: bigint, width: number): boolean {
  switch (rule) {
    case 'lower': return wanted < most;
    case 'lower signed': return BigInt.asIntN(width, wanted) < BigInt.asIntN(width, most);
    case 'higher': return wanted > most;
    case 'fixed': return false;
  }
}

function describe(rule: FieldRule, most: bigint, least: bigint): string {
  switch (rule) {
    case 'lower': return `it is at most ${hex(most)}${least > 0n ? `, and at least ${hex(least)}` : ''}`;
    case 'lower signed': return `it is at most ${hex(most)}, as a signed number`;
    case 'higher': return `it is at least ${hex(most)}`;
    case 'fixed': return `it stays ${hex(most)}`;
  }
}

function refuse(errno: 'EINVAL' | 'EBUSY', value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}
