/** The proof's guest: what it starts with, in its registers and in its memory, and what it has left there. */
import { HCR_EL2 } from '@worldswitch/arm64-sysreg';
import type { Capabilities, Vcpu } from '@worldswitch/hypervisor';
import type { Arm64DebugExit } from '../exits/context.ts';
import type { Arm64Vcpu } from '../vcpu.ts';
import { digest } from './digest.ts';
import { INTERRUPT_POINTERS } from './interrupt-program.ts';
import type { ProofMachine } from './machine.ts';
import { CHANGED, COUNTER, GUEST, debugRegisters } from './program.ts';
import type { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import { GUEST_START, POINTERS, randomValue } from './values.ts';
import { VECTORS } from './view.ts';

/** Traps of the EL1 world that a hypervisor may leave out: the guest then changes its registers unseen, and the switch alone keeps them. */
const NEEDLESS_TRAPS = HCR_EL2.mask('TVM') | HCR_EL2.mask('TID2') | HCR_EL2.mask('TACR');
const KDE_AND_MDE = 0xa000n;
/** Breakpoint and watchpoint of EL1 and EL0: on. */
const BREAK = 0x1e7n;
const WATCH = 0x1fffn;
const EL1H = 5n;
const INTERRUPTS_MASKED = 0xc0n;
/** What of its memory the guest uses; behind it a page is read-only to it. */
export const USED = 0x8000;

/** Its program and its vectors, assembled, and the instruction that a breakpoint is for. */
export interface GuestImage {
  readonly code: Uint8Array;
  readonly vectors: Uint8Array;
  readonly breakpoint: bigint;
}

export interface ProofGuestOptions {
  readonly machine: ProofMachine;
  readonly vcpu: Vcpu<Arm64DebugExit>;
  readonly backend: Arm64Vcpu;
  readonly capabilities: Capabilities;
  readonly scenario: Scenario;
  readonly image: GuestImage;
  readonly random: Random;
}

export class ProofGuest {
  readonly #options: ProofGuestOptions;

  constructor(options: ProofGuestOptions) {
    this.#options = options;
  }

  /** Before its first run. */
  prepare(): void {
    const { vcpu, backend, scenario, random } = this.#options;
    this.#writeMemory();
    vcpu.initialise(['psci-0.2']);
    for (const name of GUEST_START) vcpu.setRegister(name, randomValue(name, random));
    for (let n = 0; n < 31; n++) vcpu.setRegister(`x${n}`, random.next());
    for (const name of VECTORS) vcpu.setRegister(name, (random.next() << 64n) | random.next());
    for (const [name, value] of Object.entries(POINTERS)) vcpu.setRegister(name, value);
    vcpu.setRegister('x0', 0x8400_0000n);
    vcpu.setRegister('VBAR_EL1', GUEST.vectors);
    vcpu.setRegister('pc', GUEST.code);
    if (scenario.interrupts === true) for (const [name, value] of Object.entries(INTERRUPT_POINTERS)) vcpu.setRegister(name, value);
    vcpu.setRegister('pstate', scenario.interrupts === true ? EL1H | INTERRUPTS_MASKED : EL1H);
    const { state } = backend.guest.memory;
    state.set('hcr', state.get('hcr') & ~NEEDLESS_TRAPS);
    if (scenario.debug === 'own') {
      for (const [bank, values] of Object.entries(this.hardware(true))) values.forEach((value, n) => { vcpu.setRegister(`DBG${bank.toUpperCase()}${n}_EL1`, value); });
      vcpu.setRegister('MDSCR_EL1', KDE_AND_MDE);
    }
    if (scenario.debug === 'debugger') vcpu.setGuestDebug({ enable: true, hardware: this.hardware(true) });
  }

  #writeMemory(): void {
    const { machine: { guestMemory, processor: { memory } }, image: { code, vectors } } = this.#options;
    const bytes = new Uint8Array(USED + 0x1000);
    const put = (address: bigint, part: Uint8Array): void => { bytes.set(part, Number(address - GUEST.code)); };
    put(GUEST.code, code);
    put(GUEST.vectors, vectors);
    put(GUEST.otherVectors, vectors);
    const view = new DataView(bytes.buffer);
    let at = Number(GUEST.values - GUEST.code);
    for (const value of this.#newValues()) {
      view.setBigUint64(at, value, true);
      at += 8;
    }
    memory.loadBytes(guestMemory, bytes);
  }

  /** The guest's table, in the order in which the program takes from it. */
  #newValues(): readonly bigint[] {
    const { scenario, random, capabilities: { breakpoints, watchpoints } } = this.#options;
    const of = (names: readonly string[]): bigint[] => names.map((name) => (name === 'VBAR_EL1' ? GUEST.otherVectors : randomValue(name, random)));
    const debug = scenario.debug === 'own' ? of(debugRegisters(breakpoints, watchpoints)) : [];
    const changed = CHANGED.filter((name) => scenario.disturbed !== true || !['ESR_EL1', 'ELR_EL1', 'SPSR_EL1', 'FAR_EL1'].includes(name));
    return [...debug, ...VECTORS.map(() => random.next()), ...of(['FPSR', 'FPCR', 'SP_EL1']), ...of(changed)];
  }

  /** A debugger's registers, or the guest's own: a watchpoint that the program hits, and where it is wanted a breakpoint. */
  hardware(breakpoint: boolean): { bcr: bigint[]; bvr: bigint[]; wcr: bigint[]; wvr: bigint[] } {
    const { capabilities: { breakpoints, watchpoints }, random, image } = this.#options;
    const bank = (kind: string, count: number): bigint[] => Array.from({ length: count }, (_, n) => randomValue(`DBG${kind}${n}_EL1`, random));
    const set = { bcr: bank('BCR', breakpoints), bvr: bank('BVR', breakpoints), wcr: bank('WCR', watchpoints), wvr: bank('WVR', watchpoints) };
    if (breakpoint) {
      set.bcr[1] = BREAK;
      set.bvr[1] = image.breakpoint;
    }
    set.wcr[0] = WATCH;
    set.wvr[0] = POINTERS['x25'];
    return set;
  }

  /** How often each of the guest's handlers ran. */
  counters(): Readonly<Record<keyof typeof COUNTER, number>> {
    const { guestMemory, processor: { memory } } = this.#options.machine;
    const at = guestMemory + (GUEST.counters - GUEST.code);
    const read = (offset: number): number => Number(memory.read(at + BigInt(offset), 8, 0) ?? 0n);
    return { synchronous: read(COUNTER.synchronous), irq: read(COUNTER.irq), fiq: read(COUNTER.fiq), serror: read(COUNTER.serror) };
  }

  /** The guest's memory, its counters aside. */
  digest(): bigint {
    const { guestMemory, processor: { memory } } = this.#options.machine;
    const bytes = memory.readBytes(guestMemory, USED) ?? new Uint8Array();
    bytes.fill(0, Number(GUEST.counters - GUEST.code), Number(GUEST.counters - GUEST.code) + 32);
    return digest(bytes);
  }
}
