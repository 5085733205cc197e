/** The firmware of one VM: what its calls do to vCPUs, and what of them the VMM hears. */
import type { ByteOrder } from '@worldswitch/bits';
import type { Attributes } from '@worldswitch/hypervisor';
import { DEFAULT_PROFILE } from '../abi/profile.ts';
import type { Profile } from '../abi/profile.ts';
import type { Outcome } from '../exits/context.ts';
import { RESUME } from '../exits/context.ts';
import type { Guest } from '../guest/guest.ts';
import { SMCCC_CONTROL, SmcccFilter, filterAttribute } from './filter.ts';
import { firmwareCall } from './firmware.ts';
import type { FirmwareCaller, StolenTime } from './firmware.ts';
import type { PsciCpu } from './psci.ts';
import type { FirmwareState } from './state.ts';
import { reproducibleSource } from './trng.ts';
import type { RandomSource } from './trng.ts';

/** How a vCPU is started by another. */
export interface CpuStart {
  readonly entry: bigint;
  readonly context: bigint;
  /** Its data have the order of bytes that the caller's have. */
  readonly bigEndian: boolean;
}

/** A vCPU, as far as firmware has to do with it. */
export interface FirmwareCpu extends PsciCpu {
  readonly guest: Guest;
  start(at: CpuStart): void;
  readonly stolenTime?: StolenTime;
}

export interface VmFirmwareOptions {
  /** Function identifiers the VMM answers, whatever the filter says. */
  readonly forward?: (number: bigint) => boolean;
  /** Where random numbers for guests come from; a sequence that is the same in every run by default. */
  readonly random?: RandomSource;
  /** The time of day in nanoseconds since 1970, for guests that ask by KVM's PTP call; unknown by default. */
  readonly timeOfDay?: () => bigint;
  readonly profile?: Profile;
}

interface VmFirmwareSetup extends VmFirmwareOptions {
  readonly state: FirmwareState;
  readonly cpus: () => Iterable<FirmwareCpu>;
  /** The physical count, and the virtual one of the caller's VM. */
  readonly counts: () => { readonly physical: bigint; readonly virtual: bigint };
}

/** `kvm_run.hypercall.flags`: by SMC (KVM_HYPERCALL_EXIT_SMC). */
const FLAG_SMC = 1n;
const RESULTS = 4;
const ARGUMENTS = 7;
const NOT_SUPPORTED = (1n << 64n) - 1n;
/** INTERNAL_FAILURE: what a caller of SYSTEM_OFF finds in x0 should somebody let it run on (DEN 0022 5.2.2). */
const INTERNAL_FAILURE = BigInt.asUintN(64, -6n);

export class VmFirmware {
  readonly filter = new SmcccFilter();
  /** KVM_CAP_ARM_SYSTEM_SUSPEND was enabled. */
  systemSuspend = false;
  readonly #setup: VmFirmwareSetup;
  readonly #random: RandomSource;

  constructor(setup: VmFirmwareSetup) {
    this.#setup = setup;
    this.#random = setup.random ?? reproducibleSource();
  }

  /** Whether SMC is a way to call besides HVC: since Linux 6.4. */
  get bySmc(): boolean {
    return (this.#setup.profile ?? DEFAULT_PROFILE) !== '6.1';
  }

  /** KVM_ARM_VM_SMCCC_CTRL; nothing in the profile that is before it. */
  attributes(ran: () => boolean, byteOrder: ByteOrder): Attributes {
    const filter = filterAttribute(this.filter, { ran, byteOrder });
    return { find: (group, attribute) => (this.bySmc && group === SMCCC_CONTROL.group && attribute === SMCCC_CONTROL.filter ? filter : undefined) };
  }

  /** A call of a guest's, by HVC, or by SMC that has been skipped. `keep`: takes what the VMM is to answer. */
  call(caller: FirmwareCpu, conduit: 'hvc' | 'smc', keep: (results: bigint[]) => void): Outcome {
    const { guest } = caller;
    const id = BigInt.asUintN(32, guest.x(0));
    if (this.#setup.forward?.(id) === true) return forwarded(guest, id, conduit, keep);
    const outcome = firmwareCall({ function: guest.x(0), arguments: [guest.x(1), guest.x(2), guest.x(3)], caller: { el: guest.el, aarch64: true } }, this.#callerOf(caller));
    switch (outcome.effect) {
      case 'forward': return forwarded(guest, outcome.id, conduit, keep);
      case 'results':
        results(guest, outcome.values);
        return RESUME;
      case 'none':
        results(guest, [outcome.result]);
        return RESUME;
      case 'suspend':
        results(guest, [outcome.result]);
        return { kind: 'wait' };
      case 'off':
        results(guest, [outcome.result]);
        guest.power = 'off';
        return RESUME;
      // The VMM reads entry and context in the registers, which stay as they are.
      case 'system-suspend': return { kind: 'system-event', event: 'suspend', flags: 0n };
      case 'system-off':
      case 'system-reset':
        results(guest, [INTERNAL_FAILURE]);
        for (const cpu of this.#setup.cpus()) cpu.guest.power = 'off';
        return { kind: 'system-event', event: outcome.effect === 'system-off' ? 'shutdown' : 'reset', flags: outcome.flags };
    }
  }

  #callerOf(caller: FirmwareCpu): FirmwareCaller<FirmwareCpu> {
    const { state, cpus, timeOfDay, counts } = this.#setup;
    return {
      state, filter: this.filter, systemSuspend: this.systemSuspend, random: this.#random, cpus: cpus(),
      on: (cpu, entry, context) => { cpu.start({ entry, context, bigEndian: caller.guest.bigEndian }); },
      ...(caller.stolenTime && { stolenTime: caller.stolenTime }),
      ...(timeOfDay && { clock: () => ({ nanoseconds: timeOfDay(), ...counts() }) }),
    };
  }
}

function results(guest: Guest, values: readonly bigint[]): void {
  for (let n = 0; n < RESULTS; n++) guest.setX(n, values[n] ?? 0n);
}

function forwarded(guest: Guest, number: bigint, conduit: 'hvc' | 'smc', keep: (results: bigint[]) => void): Outcome {
  const answer = [NOT_SUPPORTED, 0n, 0n, 0n];
  keep(answer);
  return {
    kind: 'hypercall', number, args: Array.from({ length: ARGUMENTS }, (_, n) => guest.x(n + 1)), results: answer, ...(conduit === 'smc' && { flags: FLAG_SMC }),
  };
}
