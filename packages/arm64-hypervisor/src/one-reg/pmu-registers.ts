/**
 * The performance monitors of a vCPU as KVM_GET_ONE_REG and KVM_SET_ONE_REG have them, and a store of them in which nothing counts. Names are
 * those of REGISTERS in the group `pmu`; of each pair that sets and clears both are the same register here.
 */
import { PMCR_EL0 } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';

/** What a vCPU with the feature `pmu-v3` has. */
export interface UserPmu {
  get(name: RegisterName): bigint;
  /** Takes the bits that the register has, and ignores others. */
  set(name: RegisterName, value: bigint): void;
  /** As KVM_ARM_VCPU_INIT. */
  reset(): void;
}

/** What the monitors of all vCPUs of a VM have in common. */
export interface PmuVm {
  /** Event counters of the host, and of the guests: the same until PMCR_EL0.N is set to fewer. */
  readonly hostCounters: () => number;
  counters: number | undefined;
  readonly ranOnce: () => boolean;
}

const CYCLE_COUNTER = 1n << 31n;
/** PMCR_EL0 but N, which is the VM's, and the identification, which is zero. */
const PMCR_BITS = 0xffn;
const PMSELR_BITS = 0x1fn;

/** Registers that are the other half of one. */
const TWINS: Partial<Record<RegisterName, RegisterName>> = { PMINTENCLR_EL1: 'PMINTENSET_EL1', PMCNTENCLR_EL0: 'PMCNTENSET_EL0', PMOVSCLR_EL0: 'PMOVSSET_EL0' };
const MASKED: ReadonlySet<RegisterName> = new Set(['PMINTENSET_EL1', 'PMCNTENSET_EL0', 'PMOVSSET_EL0']);

export class StoredPmu implements UserPmu {
  readonly #vm: PmuVm;
  readonly #values = new Map<RegisterName, bigint>();

  constructor(vm: PmuVm) {
    this.#vm = vm;
    this.reset();
  }

  reset(): void {
    this.#values.clear();
    // LC: where there is no AArch32 state, the cycle counter has 64 bits (DDI 0487 PMCR_EL0).
    this.#values.set('PMCR_EL0', PMCR_EL0.mask('LC'));
  }

  get(name: RegisterName): bigint {
    const register = TWINS[name] ?? name;
    if (register === 'PMSWINC_EL0') return 0n;
    const value = this.#values.get(register) ?? 0n;
    return register === 'PMCR_EL0' ? PMCR_EL0.update(value, { N: this.#counters }) : value & this.#mask(register);
  }

  set(name: RegisterName, value: bigint): void {
    const register = TWINS[name] ?? name;
    if (register === 'PMCR_EL0') this.#setControl(value);
    // Not a register to be kept: writes count events.
    else if (register !== 'PMSWINC_EL0') this.#values.set(register, value & this.#mask(register));
  }

  /** N can be lowered until a vCPU has run; a higher one is left alone, as kernels always did. */
  #setControl(value: bigint): void {
    const { N } = PMCR_EL0.decode(value);
    if (!this.#vm.ranOnce() && N <= this.#vm.hostCounters()) this.#vm.counters = N;
    this.#values.set('PMCR_EL0', (value & PMCR_BITS) | PMCR_EL0.mask('LC'));
  }

  get #counters(): number {
    return this.#vm.counters ?? this.#vm.hostCounters();
  }

  #mask(register: RegisterName): bigint {
    if (register === 'PMSELR_EL0') return PMSELR_BITS;
    return MASKED.has(register) ? CYCLE_COUNTER | ((1n << BigInt(this.#counters)) - 1n) : (1n << 64n) - 1n;
  }
}
