/** A vCPU as the host's kernel sees it between runs: its memory, what is pending, what the debugger in the VMM wants. */
import { HCR_EL2, SCTLR_EL1 } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { GuestDebug } from '@worldswitch/hypervisor';
import { NO_GUEST_DEBUG } from '@worldswitch/hypervisor';
import type { CONTEXT_SYSREGS } from '../context/layout.ts';
import type { LoadedRegisters } from './loaded.ts';
import type { VcpuMemory } from './vcpu-memory.ts';

/** Bits of PSTATE as SPSR_ELx holds them (DDI 0487 C5.2.19). */
export const PSTATE = { SS: 1n << 21n, IL: 1n << 20n, BTYPE: 3n << 10n, mode: 0x1fn, el: 0xcn, SP: 1n } as const;

/** EL1h with D, A, I and F masked: after a reset, and in an exception handler. */
export const PSTATE_EL1H_MASKED = 0x3c5n;

/** SCTLR_EL1 of a guest after a reset: its RES1 bits, everything off. */
const SCTLR_RESET = 0x00c5_0078n;

/** FPEXC of AArch32 state: bits 10:8 are one (DDI 0487 FPEXC32_EL2). */
const FPEXC_RESET = 0x700n;

/** A change of the program counter that is put off to the next entry, after the debugger's controls are in place: so that it counts as the step. */
export type PendingPc =
  | { readonly kind: 'increment' }
  | { readonly kind: 'exception'; readonly esr: bigint; readonly far?: bigint; readonly vector: bigint };

/** A suspended vCPU is one that the VMM has made wait. */
export type PowerState = 'on' | 'off' | 'suspended';

export class Guest {
  readonly memory: VcpuMemory;
  /** What the VMM's debugger asked for. */
  request: GuestDebug = NO_GUEST_DEBUG;
  /** The instruction of a step is done, its exception not yet taken. */
  stepActivePending = false;
  pending: PendingPc | undefined;
  power: PowerState = 'on';
  /** While the vCPU is loaded, by a revision that leaves some of its registers in the processor meanwhile. */
  loaded: LoadedRegisters | undefined;
  /** Takes note that the guest touched a debug register that traps: for the next entry it is one that is switched. */
  debugTouched: (access: 'read' | 'write') => void = (access) => { if (access === 'write') this.memory.markDirty(); };
  /** Who has the debug registers is to be decided anew: the vCPU is put and loaded. */
  reload = false;
  /** Waits in WFI. */
  waiting = false;
  /** The guest's own values while the debugger's are in their place. */
  savedDebug: { readonly mdscr: bigint; readonly ss: bigint } | undefined;
  /** Compare value and control of the emulated physical timer, and levels last told to the VMM. */
  lines = { vtimer: false, ptimer: false, pmu: false };
  /** Told of each instruction that is completed for it, see `complete`. */
  retired: () => void = () => undefined;

  constructor(memory: VcpuMemory) {
    this.memory = memory;
  }

  get pc(): bigint {
    return this.memory.context.get('PC');
  }
  set pc(value: bigint) {
    this.memory.context.set('PC', value);
  }
  get pstate(): bigint {
    return this.memory.context.get('PSTATE');
  }
  set pstate(value: bigint) {
    this.memory.context.set('PSTATE', value);
  }
  get el(): 0 | 1 {
    return (this.pstate & PSTATE.el) === 0n ? 0 : 1;
  }

  /** Order of its data where it is: SCTLR_EL1.EE at EL1, E0E at EL0. */
  get bigEndian(): boolean {
    return (this.sysreg('SCTLR_EL1') & SCTLR_EL1.mask(this.el === 0 ? 'E0E' : 'EE')) !== 0n;
  }

  /** A general register; 31 reads as zero and takes nothing. */
  x(n: number): bigint {
    return n === 31 ? 0n : this.memory.context.get(`x${n}`);
  }
  setX(n: number, value: bigint): void {
    if (n !== 31) this.memory.context.set(`x${n}`, BigInt.asUintN(64, value));
  }

  sysreg(name: (typeof CONTEXT_SYSREGS)[number] & RegisterName): bigint {
    return this.#slot(name);
  }
  setSysreg(name: (typeof CONTEXT_SYSREGS)[number] & RegisterName, value: bigint): void {
    this.#setSlot(name, value);
  }

  /** Where the value is now: in memory, or in the processor. */
  #slot(slot: string): bigint {
    return this.loaded?.has(slot) === true ? this.loaded.read(slot) : this.memory.context.get(slot);
  }
  #setSlot(slot: string, value: bigint): void {
    if (this.loaded?.has(slot) === true) this.loaded.write(slot, value);
    else this.memory.context.set(slot, value);
  }

  /** OSLSR_EL1.OSLK of the guest, which hardware never sees. */
  get osLocked(): boolean {
    return (this.sysreg('OSLSR_EL1') & 2n) !== 0n;
  }

  /** The instruction that trapped has been done by us. */
  skip(): void {
    this.pending = { kind: 'increment' };
  }
  /** As `skip`, of one that aborted: to the processor it has not been executed yet, while one that traps has. */
  complete(): void {
    this.retired();
    this.skip();
  }

  /** Puts the pending change of the program counter into the context. */
  commitPc(): void {
    const { pending } = this;
    this.pending = undefined;
    if (pending?.kind === 'increment') {
      this.pc = BigInt.asUintN(64, this.pc + 4n);
      this.pstate = this.pstate & ~(PSTATE.SS | PSTATE.BTYPE);
    } else if (pending?.kind === 'exception') this.#enterEl1(pending);
  }

  #enterEl1({ esr, far, vector }: Extract<PendingPc, { kind: 'exception' }>): void {
    const pstate = this.pstate;
    const from = (pstate & PSTATE.el) === 0n ? 0x400n : (pstate & PSTATE.SP) === 0n ? 0n : 0x200n;
    this.#setSlot('ELR_EL1', this.pc);
    this.#setSlot('SPSR_EL1', pstate);
    this.#setSlot('ESR_EL1', esr);
    if (far !== undefined) this.#setSlot('FAR_EL1', far);
    this.pc = BigInt.asUintN(64, this.#slot('VBAR_EL1') + from + vector);
    this.pstate = PSTATE_EL1H_MASKED;
  }

  /** The state of a vCPU after a reset (DDI 0487 D1.9, as KVM gives it to guests). `hcr` and `mpidr` come from the VM. */
  reset({ hcr, mpidr }: { readonly hcr: bigint; readonly mpidr: bigint }): void {
    // The debugger's set is the VMM's, and stays.
    const { context, state, vcpuDebugState } = this.memory;
    for (const block of [context, vcpuDebugState]) for (const slot of block.layout.slots) block.set(slot.name, 0n);
    context.set('PSTATE', PSTATE_EL1H_MASKED);
    context.set('SCTLR_EL1', SCTLR_RESET);
    context.set('FPEXC32_EL2', FPEXC_RESET);
    context.set('VMPIDR_EL2', mpidr);
    // OS Lock implemented (OSLM = 0b10) and unlocked.
    context.set('OSLSR_EL1', 8n);
    state.set('hcr', hcr);
    state.set('debug-flags', 0n);
    state.set('debug-owner', 0n);
    for (const timer of ['cntv-ctl', 'cntv-cval', 'cntp-ctl', 'cntp-cval', 'vsesr']) state.set(timer, 0n);
    this.memory.debugPtr = vcpuDebugState;
    this.stepActivePending = false;
    this.pending = undefined;
    this.savedDebug = undefined;
    this.waiting = false;
    this.power = 'on';
  }

  /** Interrupt inputs, as bits of HCR_EL2. */
  setLine(line: 'irq' | 'fiq', level: boolean): void {
    const mask = HCR_EL2.mask(line === 'irq' ? 'VI' : 'VF');
    const lines = this.memory.state.get('irq-lines');
    this.memory.state.set('irq-lines', level ? lines | mask : lines & ~mask);
  }
  get interruptPending(): boolean {
    return this.memory.state.get('irq-lines') !== 0n;
  }
}
