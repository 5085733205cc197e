/** A guest processor as a VMM has it. Plain data: `structuredClone` copies it. */
import type { MpState } from '@worldswitch/hypervisor';
import { BANKS, bankOf, viewOf } from './aarch32.ts';

export interface Arm64CpuState {
  /** X0 to X30. In AArch32, all banks (see `BANKED`), 32 bits each; those of the mode in use are authoritative in `r`. */
  readonly x: BigUint64Array;
  /** AArch64: the stack pointer in use, which is authoritative over `spEl0` or `spEl1`. */
  sp: bigint;
  spEl0: bigint;
  spEl1: bigint;
  /** In AArch32 R15 is authoritative. */
  pc: bigint;
  /** PSTATE in the format of SPSR_ELx, in AArch32 that of CPSR. Change it with `setProcessorState`: names mean other registers after it. */
  pstate: bigint;
  elrEl1: bigint;
  /** By bank (`BANKS`): [1], svc, is SPSR_EL1; [0] and [6] are nothing of the kernel's. In AArch32 the one in use is authoritative in `spsr`. */
  readonly spsrBanks: BigUint64Array;
  /** AArch32: R0 to R15 as the mode in use has them. */
  readonly r: Uint32Array;
  /** AArch32: the SPSR in use; nothing in User and System mode. */
  spsr: bigint;
  /** V0 to V31 in halves: the low half of Vn at 2n, the high one at 2n + 1. */
  readonly vectors: BigUint64Array;
  fpsr: bigint;
  fpcr: bigint;
  /** System registers that the kernel listed, by the architecture's name. */
  readonly system: Map<string, bigint>;
  /** Registers whose value the VMM's CPU model fixes. What the kernel says is kept in its list, and not written here. */
  readonly constants: ReadonlyMap<string, bigint>;
  mpState: MpState;
  readonly inputs: Record<string, boolean>;
  outputs: Readonly<Record<string, boolean>>;
}

export interface CpuStateOptions {
  readonly constants?: ReadonlyMap<string, bigint>;
  /** Interrupt inputs that the VMM drives, low; none where the interrupt controller is in the kernel. */
  readonly inputs?: readonly string[];
}

/** All zero, in AArch64. */
export function createCpuState({ constants = new Map<string, bigint>(), inputs = [] }: CpuStateOptions = {}): Arm64CpuState {
  return {
    x: new BigUint64Array(31), sp: 0n, spEl0: 0n, spEl1: 0n, pc: 0n, pstate: 0n, elrEl1: 0n, spsrBanks: new BigUint64Array(BANKS.length), r: new Uint32Array(16), spsr: 0n,
    vectors: new BigUint64Array(64), fpsr: 0n, fpcr: 0n, system: new Map(), constants, mpState: 'runnable',
    inputs: Object.fromEntries(inputs.map((name) => [name, false])), outputs: {},
  };
}

/** PSTATE.nRW. */
export function isAarch64({ pstate }: Pick<Arm64CpuState, 'pstate'>): boolean {
  return (pstate & 0x10n) === 0n;
}

/** The name of the stack pointer in use in AArch64: M[0] is SP of PSTATE. EL2's and EL3's are in the kernel's list, if anywhere. */
function stackPointer(pstate: bigint): 'spEl0' | 'spEl1' | undefined {
  if ((pstate & 1n) === 0n) return 'spEl0';
  return (pstate & 0xcn) === 4n ? 'spEl1' : undefined;
}

/** What is authoritative under another name goes to the places the kernel has: before a put. */
export function settle(state: Arm64CpuState): void {
  if (isAarch64(state)) {
    const place = stackPointer(state.pstate);
    if (place !== undefined) state[place] = state.sp;
    return;
  }
  for (const [n, x] of viewOf(state.pstate).entries()) state.x[x] = BigInt(state.r[n]);
  state.pc = BigInt(state.r[15]);
  state.spsrBanks[BANKS.indexOf(bankOf(state.pstate))] = state.spsr;
}

/** After PSTATE and the stack pointers came from the kernel. */
export function viewStackPointer(state: Arm64CpuState): void {
  if (!isAarch64(state)) return;
  const place = stackPointer(state.pstate);
  if (place !== undefined) state.sp = state[place];
}

/** After X0 to X30, PSTATE and the PC came from the kernel. */
export function viewAarch32(state: Arm64CpuState): void {
  if (isAarch64(state)) return;
  for (const [n, x] of viewOf(state.pstate).entries()) state.r[n] = Number(BigInt.asUintN(32, state.x[x]));
  state.r[15] = Number(BigInt.asUintN(32, state.pc));
}

/** After the SPSRs came from the kernel. */
export function viewSpsr(state: Arm64CpuState): void {
  if (!isAarch64(state)) state.spsr = state.spsrBanks[BANKS.indexOf(bankOf(state.pstate))];
}

/** Throws `KvmError` EINVAL for an AArch32 mode that no guest can be in. */
export function checkMode(pstate: bigint): void {
  if (!isAarch64({ pstate })) bankOf(pstate);
}

/** Another PSTATE: SP, R8 to R14 and SPSR are then those of its mode. Throws `KvmError` EINVAL for a mode that no guest can be in. */
export function setProcessorState(state: Arm64CpuState, pstate: bigint): void {
  checkMode(pstate);
  settle(state);
  state.pstate = pstate;
  viewStackPointer(state);
  viewAarch32(state);
  viewSpsr(state);
}
