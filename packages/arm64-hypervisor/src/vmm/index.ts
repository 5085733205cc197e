/** What a VMM must know of arm64: how breakpoints are written, what debug exits say, how a vCPU starts. */
import { planBreakpoint, planWatchpoint } from '@worldswitch/arm64-debug';
import type { PlanError } from '@worldswitch/arm64-debug';
import { EC, ISS, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import { KvmError } from '@worldswitch/hypervisor';
import type { Vcpu } from '@worldswitch/hypervisor';
import type { Arm64DebugExit } from '../exits/context.ts';

export type { Arm64DebugExit } from '../exits/context.ts';

function refuse({ value, rule, wayOut }: PlanError): never {
  throw new KvmError('EINVAL', { value, rule, remedy: wayOut });
}

export type DebugExitKind = 'breakpoint' | 'watchpoint' | 'step' | 'software-breakpoint';

/** What a debug exit reports. `address` is the PC, or for a watchpoint the accessed address. Throws RangeError for a syndrome that is no debug exit. */
export function decodeDebugExit({ pc, arch }: { readonly pc: bigint; readonly arch: Arm64DebugExit }): {
  readonly kind: DebugExitKind; readonly address: bigint; readonly write?: boolean;
} {
  const { ec, iss } = decodeSyndrome(BigInt(arch.hsr));
  switch (ec) {
    case EC.BREAKPT_LOW: return { kind: 'breakpoint', address: pc };
    case EC.SOFTSTP_LOW: return { kind: 'step', address: pc };
    case EC.WATCHPT_LOW: return { kind: 'watchpoint', address: arch.far, write: ISS.wp.decode(BigInt(iss)).WnR === 1 };
    case EC.BRK64:
    case EC.BKPT32: return { kind: 'software-breakpoint', address: pc };
    default: throw new RangeError(`hsr 0x${arch.hsr.toString(16)}: exception class 0x${ec.toString(16)} is no debug exit; pass what a 'debug' exit holds`);
  }
}

/** What `Breakpoints` of the `vmm` package needs to know. */
export function debugKnowledge({ breakpoints, watchpoints }: { readonly breakpoints: number; readonly watchpoints: number }): {
  readonly breakpoints: number; readonly watchpoints: number;
  planBreakpoint(address: bigint): { readonly control: bigint; readonly value: bigint };
  planWatchpoint(address: bigint, length: number, access: 'read' | 'write' | 'access'): { readonly control: bigint; readonly value: bigint };
  readonly decode: typeof decodeDebugExit;
} {
  return {
    breakpoints, watchpoints, decode: decodeDebugExit,
    planBreakpoint: (address) => {
      const plan = planBreakpoint(address);
      return plan.ok ? { control: plan.bcr, value: plan.bvr } : refuse(plan.error);
    },
    planWatchpoint: (address, length, access) => {
      const plan = planWatchpoint(address, length, access);
      return plan.ok ? { control: plan.wcr, value: plan.wvr } : refuse(plan.error);
    },
  };
}

/** A vCPU at its reset, about to execute at `pc` with `x0` as a boot loader hands it over. */
export function startVcpu(vcpu: Vcpu<Arm64DebugExit>, { pc, x0 = 0n, off = false }: { readonly pc: bigint; readonly x0?: bigint; readonly off?: boolean }): void {
  vcpu.initialise(off ? ['psci-0.2', 'power-off'] : ['psci-0.2']);
  vcpu.setRegister('pc', pc);
  vcpu.setRegister('x0', x0);
}

/** The vCPU's output lines by the names boards give the timers' outputs. */
export const DEVICE_OUTPUTS = { vtimer: 'timer-virtual', ptimer: 'timer-physical' } as const;

/** The vCPU's interrupt inputs. */
export const INTERRUPT_LINES = ['irq', 'fiq'] as const;
