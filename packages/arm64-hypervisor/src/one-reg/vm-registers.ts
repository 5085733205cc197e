/** What of a VM its vCPUs' registers depend on, and what registers reach through any of them. */
import { PMCR_EL0 } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import { DEFAULT_PROFILE } from '../abi/profile.ts';
import type { Profile } from '../abi/profile.ts';
import { VmFeatures } from '../features.ts';
import { CounterOffsets } from '../guest/counter-offsets.ts';
import type { HostProcessor } from '../processor.ts';
import type { SwitchFeatures } from '../switch/step.ts';
import { FirmwareRegisters } from './firmware-registers.ts';
import { Identification } from './identification.ts';
import type { PmuVm } from './pmu-registers.ts';

export interface VmRegistersSetup {
  readonly host: { readonly features: SwitchFeatures; readonly processor: Pick<HostProcessor, 'debugger'> };
  readonly profile?: Profile;
  /** What the virtual counter is behind at first. */
  readonly cntvoff?: bigint;
  /** Told when the counters' offsets have changed. */
  readonly countersChanged: () => void;
}

export class VmRegisters {
  readonly profile: Profile;
  readonly features: VmFeatures;
  readonly firmware: FirmwareRegisters;
  readonly identification: Identification;
  readonly counters: CounterOffsets;
  readonly pmu: PmuVm;
  /** Whether one of the vCPUs has run: from then on much of it is fixed. */
  ranOnce = false;
  readonly #door: HostProcessor['debugger'];

  constructor({ host, profile = DEFAULT_PROFILE, cntvoff = 0n, countersChanged }: VmRegistersSetup) {
    const ranOnce = (): boolean => this.ranOnce;
    this.profile = profile;
    this.#door = host.processor.debugger;
    this.features = new VmFeatures(host.features);
    this.firmware = new FirmwareRegisters({ profile, psci02: () => this.features.has('psci-0.2'), ranOnce });
    this.identification = new Identification({ profile, ranOnce, host: (name) => this.host(name), pmu: () => this.features.has('pmu-v3') });
    this.pmu = { counters: undefined, hostCounters: () => PMCR_EL0.decode(this.host('PMCR_EL0')).N, ranOnce };
    this.counters = new CounterOffsets(cntvoff, countersChanged);
  }

  /** A register of the host's processor, as its kernel keeps it since boot; 0 for one that it does not have. */
  host(name: RegisterName): bigint {
    return this.#door.read(name) ?? 0n;
  }

  /** CCSIDR_EL1 of the host, by what CSSELR_EL1 is for it. */
  hostCcsidr(csselr: number): bigint {
    const own = this.host('CSSELR_EL1');
    this.#door.write('CSSELR_EL1', BigInt(csselr));
    const value = this.host('CCSIDR_EL1');
    this.#door.write('CSSELR_EL1', own);
    return value;
  }
}
