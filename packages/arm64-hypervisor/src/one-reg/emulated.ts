/** Registers of a vCPU that no switch moves and that the guest reaches by a trap: what it reads is what the VMM has set. */
import { atLeast } from '../abi/profile.ts';
import { Caches } from './caches.ts';
import type { Identification } from './identification.ts';
import { StoredPmu } from './pmu-registers.ts';
import type { UserPmu } from './pmu-registers.ts';
import type { VmRegisters } from './vm-registers.ts';

export class EmulatedRegisters {
  readonly caches: Caches;
  readonly #vm: VmRegisters;
  #pmu: UserPmu;

  constructor(vm: VmRegisters) {
    this.#vm = vm;
    const host = { get clidr() { return vm.host('CLIDR_EL1'); }, ccsidr: (csselr: number) => vm.hostCcsidr(csselr) };
    this.caches = atLeast(vm.profile, '6.12') ? new Caches(() => vm.host('CTR_EL0')) : new Caches(() => vm.host('CTR_EL0'), host);
    this.#pmu = new StoredPmu(vm.pmu);
  }

  get identification(): Identification {
    return this.#vm.identification;
  }

  /** Absent without the feature `pmu-v3`. */
  get pmu(): UserPmu | undefined {
    return this.#vm.features.has('pmu-v3') ? this.#pmu : undefined;
  }
  /** Monitors that count, in place of those that only keep what they are told. */
  usePmu(pmu: UserPmu): void {
    this.#pmu = pmu;
  }

  /** As KVM_ARM_VCPU_INIT and CPU_ON. */
  reset(): void {
    this.caches.reset();
    this.#pmu.reset();
  }
}
