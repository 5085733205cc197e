/** What a debugger in the VMM asks of a vCPU (KVM_SET_GUEST_DEBUG). */
import { hex } from '@worldswitch/bits';
import { KvmError } from './error.ts';

/** Bits of `kvm_guest_debug.control`; the upper half is the architecture's, these two are those of arm64. */
export const GUEST_DEBUG_CONTROL = { enable: 0x1, singleStep: 0x2, softwareBreakpoints: 0x1_0000, hardware: 0x2_0000 } as const;

/** Debug registers as the VMM passes them: raw values, arrays of up to the architecture's 16. Missing ones are 0, which is disabled. */
export interface HardwareDebugRegisters {
  readonly bcr: readonly bigint[];
  readonly bvr: readonly bigint[];
  readonly wcr: readonly bigint[];
  readonly wvr: readonly bigint[];
}

export interface GuestDebug {
  /** False ends debugging; everything else is then ignored. */
  readonly enable: boolean;
  /** One instruction for each run, then an exit. */
  readonly singleStep?: boolean;
  /** Breakpoint instructions in the guest are the debugger's. */
  readonly softwareBreakpoints?: boolean;
  /** These registers instead of the guest's own while it runs. */
  readonly hardware?: HardwareDebugRegisters;
}

export const NO_GUEST_DEBUG: GuestDebug = { enable: false };

/** The control word of a request. */
export function controlWord(debug: GuestDebug): number {
  if (!debug.enable) return 0;
  return GUEST_DEBUG_CONTROL.enable | (debug.singleStep === true ? GUEST_DEBUG_CONTROL.singleStep : 0)
    | (debug.softwareBreakpoints === true ? GUEST_DEBUG_CONTROL.softwareBreakpoints : 0)
    | (debug.hardware === undefined ? 0 : GUEST_DEBUG_CONTROL.hardware);
}

const U64 = (1n << 64n) - 1n;

function checkBank(name: string, values: readonly bigint[], most: number): void {
  if (values.length > most) {
    throw new KvmError('ENOBUFS', {
      value: `${values.length} ${name} registers`, rule: `this core has ${most}`, remedy: `pass at most ${most}, remove a breakpoint first`,
    });
  }
  for (const [n, value] of values.entries()) {
    if (value < 0n || value > U64) {
      throw new KvmError('EINVAL', { value: `${name}[${n}] = ${hex(value)}`, rule: 'a debug register has 64 bits', remedy: 'pass an unsigned 64-bit value' });
    }
  }
}

/** Throws `ENOBUFS` for more registers than the core has, `EINVAL` for values wider than a register. Contents are passed to hardware as given. */
export function checkGuestDebug(debug: GuestDebug, counts: { readonly breakpoints: number; readonly watchpoints: number }): void {
  if (!debug.enable || debug.hardware === undefined) return;
  checkBank('bcr', debug.hardware.bcr, counts.breakpoints);
  checkBank('bvr', debug.hardware.bvr, counts.breakpoints);
  checkBank('wcr', debug.hardware.wcr, counts.watchpoints);
  checkBank('wvr', debug.hardware.wvr, counts.watchpoints);
}
