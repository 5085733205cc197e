/** What a VMM must know of arm64: how breakpoints are written, what debug exits say, how a vCPU starts. */
import { planBreakpoint, planWatchpoint } from '@worldswitch/arm64-debug';
import type { PlanError } from '@worldswitch/arm64-debug';
import { EC, ISS, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import { KvmError } from '@worldswitch/hypervisor';
import type { Vcpu } from '@worldswitch/hypervisor';
import type { Arm64DebugExit } from '../exits/context.ts';
import type { Arm64VmmFaultName } from './faults.ts';

export type { Arm64DebugExit } from '../exits/context.ts';
export type { VcpuFeature } from './calls.ts';
export { BANKED, BANKS } from './aarch32.ts';
export type { Bank } from './aarch32.ts';
export { createCpuState, isAarch64, setProcessorState } from './cpu-state.ts';
export type { Arm64CpuState, CpuStateOptions } from './cpu-state.ts';
export { ARM64_VMM_FAULTS } from './faults.ts';
export type { Arm64VmmFault, Arm64VmmFaultName } from './faults.ts';
export { hostFeatures, hostTarget } from './host-features.ts';
export type { CpuFeature, HostFeatures } from './host-features.ts';
export { coreId, systemId } from './identifiers.ts';
export { AFFINITY_MASK, initialiseVcpu } from './initialise.ts';
export type { CpuModel, InitialisedVcpu } from './initialise.ts';
export { createPmu } from './pmu.ts';
export { BRK, brkBytes, insertSoftwareBreakpoint, removeSoftwareBreakpoint } from './software-breakpoint.ts';
export type { CodeMemory, SoftwareBreakpoint, SoftwareBreakpointOptions } from './software-breakpoint.ts';
export { CORE_REGISTERS, STATE_KNOWLEDGE, idOfName } from './state-knowledge.ts';
export type { Arm64CoreRegister } from './state-knowledge.ts';

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

/** What `debugKnowledge` is made for. */
export interface DebugKnowledgeOptions {
  /** As the capabilities say. */
  readonly breakpoints: number;
  readonly watchpoints: number;
  /** Virtual addresses have 52 bits instead of 48 (FEAT_LVA). */
  readonly largeVA?: boolean;
  /** Faults of the original code to have as well. None by default. */
  readonly faithful?: readonly Arm64VmmFaultName[];
}

/** What `Breakpoints` of the `vmm` package needs to know. */
export function debugKnowledge({ breakpoints, watchpoints, largeVA = false, faithful = [] }: DebugKnowledgeOptions): {
  readonly breakpoints: number; readonly watchpoints: number;
  instructionAddress(address: bigint): bigint;
  planBreakpoint(address: bigint): { readonly control: bigint; readonly value: bigint };
  planWatchpoint(address: bigint, length: number, access: 'read' | 'write' | 'access'): { readonly control: bigint; readonly value: bigint };
  readonly decode: typeof decodeDebugExit;
} {
  const asGiven = faithful.includes('breakpoint-spelling');
  return {
    breakpoints, watchpoints, decode: decodeDebugExit,
    instructionAddress: (address) => (asGiven ? address : extendedAddress(address, largeVA)),
    planBreakpoint: (address) => {
      const extended = extendedAddress(address, largeVA);
      const plan = planBreakpoint(extended, { largeVA });
      return plan.ok ? { control: plan.bcr, value: asGiven ? address : plan.bvr } : refuse(plan.error);
    },
    planWatchpoint: (address, length, access) => {
      const plan = planWatchpoint(address, length, access);
      return plan.ok ? { control: plan.wcr, value: plan.wvr } : refuse(plan.error);
    },
  };
}

/**
 * An instruction's address as the PC has it: with copies of its sign bit above those it has, bit 48 or with FEAT_LVA bit 52 (DBGBVR<n>_EL1.RESS,
 * DDI 0487). So a debugger may leave them out, or have a tag there.
 */
function extendedAddress(address: bigint, largeVA: boolean): bigint {
  return BigInt.asUintN(64, BigInt.asIntN(largeVA ? 53 : 49, address));
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
