/** All of a vCPU's performance monitors: registers, the host's counters, and how the VMM sets them up. */
import { ID_AA64DFR0_EL1 } from '@worldswitch/arm64-sysreg';
import type { Guest } from '../guest/guest.ts';
import type { Host } from '../host/host.ts';
import type { EmulatedRegisters } from '../one-reg/emulated.ts';
import { StoredPmu } from '../one-reg/pmu-registers.ts';
import type { VmRegisters } from '../one-reg/vm-registers.ts';
import { monitorAccess } from './access.ts';
import type { TrappedAccess } from './access.ts';
import type { PmuControl, VmPmus } from './control.ts';
import { HostCounters, PMU_INTID } from './host-counters.ts';
import { VirtualPmu } from './virtual-pmu.ts';

export interface VcpuPmuSetup {
  readonly guest: Guest;
  readonly host: Pick<Host, 'code' | 'interrupts'>;
  readonly vm: { readonly registers: VmRegisters; readonly pmus: VmPmus };
  readonly emulated: EmulatedRegisters;
  readonly settle: () => void;
  /** Told when its interrupt changes. */
  readonly setLine: (level: boolean) => void;
}

/** ID_AA64DFR0_EL1.PMUVer that the VM's guests find. */
export function pmuVersion({ identification }: Pick<VmRegisters, 'identification'>): number {
  return ID_AA64DFR0_EL1.decode(identification.value('ID_AA64DFR0_EL1')).PMUVer;
}

export class VcpuPmu {
  readonly control: PmuControl;
  readonly #virtual: VirtualPmu;
  readonly #setup: VcpuPmuSetup;

  constructor(setup: VcpuPmuSetup) {
    const { host, vm: { registers, pmus }, guest, settle } = setup;
    this.#setup = setup;
    this.control = pmus.create();
    this.#virtual = new VirtualPmu({
      kept: new StoredPmu(registers.pmu), events: pmus.events, hardware: new HostCounters(host), version: () => pmuVersion(registers),
      implemented: (register) => registers.host(register), settle,
    });
    setup.emulated.usePmu(this.#virtual);
    guest.retired = () => { if (this.#present) this.#virtual.retired(guest.el); };
  }

  get #present(): boolean {
    return this.#setup.vm.registers.features.has('pmu-v3');
  }

  /** Before an entry: the line first, then the counters. */
  enter(): void {
    if (this.#present) this.#virtual.enter();
  }
  /** The guest has been left. */
  leave(): void {
    if (this.#present) this.#virtual.leave();
  }
  /** Tells of a line that has changed. */
  update(): void {
    const { guest, setLine } = this.#setup;
    const level = this.#present && this.#virtual.line;
    if (level !== guest.lines.pmu) setLine(level);
  }

  /** A trapped access. False: it is none of a monitor's, or the guest has no monitors. */
  access(trapped: TrappedAccess): boolean {
    return this.#present && monitorAccess(this.#setup.guest, this.#virtual, trapped);
  }

  /** Whether an interrupt of the host's is its counters', who only wanted the guest to be left. */
  interrupted(id: number): boolean {
    return id === PMU_INTID;
  }
}
