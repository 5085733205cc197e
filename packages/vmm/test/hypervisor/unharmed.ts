/**
 * "The host is unharmed": exits of every kind, one at a time, with random values on both sides, and a look at every register of the host
 * and of the guest after each.
 */
import { DEBUG_OWNER, RunawayError, TWO_HOOKS, harm, snapshot, type GuestExit, type Left, type Revision } from '@worldswitch/arm64-hypervisor';
import { EC, decodeSyndrome, type RegisterName } from '@worldswitch/arm64-sysreg';
import type { GuestDebug, HardwareDebugRegisters } from '@worldswitch/hypervisor';
import { guestMachine, program, type GuestMachine } from '../../src/test/guest-machine.ts';

export const EXIT_KINDS = ['irq', 'hvc', 'mmio', 'sysreg', 'wfx', 'brk', 'step', 'breakpoint', 'watchpoint', 'serror'] as const;
export type ExitKind = (typeof EXIT_KINDS)[number];

/** Kinds of exit that a revision has: all, unless the VMM has no say in debugging, or an SError of a guest is the host's end. */
export function exitKinds({ guestDebug, fatal = [] }: Pick<Revision, 'guestDebug' | 'fatal'>): readonly ExitKind[] {
  return EXIT_KINDS.filter((kind) => (guestDebug !== 'none' || !DEBUG_KINDS.includes(kind)) && !(kind === 'serror' && fatal.includes(kind)));
}
const DEBUG_KINDS: readonly ExitKind[] = ['brk', 'step', 'breakpoint', 'watchpoint'];

const RAM = 0x4000_0000n;
const DATA = RAM + 0x1000n;
const UART = 0x0900_0000n;
/** Each instruction ends its line of two: one that leaves, and one that is never reached. */
const GADGETS = [
  'nop', 'hvc #0', 'ldr w3, [x20, #0x18]', 'str w3, [x20, #0x38]', 'mrs x3, ID_AA64PFR0_EL1', 'mrs x3, ID_AA64MMFR0_EL1', 'mrs x3, DBGAUTHSTATUS_EL1',
  'dc cisw, x3', 'wfi', 'wfe', 'brk #0x77', 'str x3, [x21]', 'ldr x3, [x21]', 'smc #0', 'msr OSLAR_EL1, xzr', 'mrs x3, PMCR_EL0', 'add x3, x3, x22', 'ldrb w3, [x20, #0x18]',
] as const;
type Gadget = (typeof GADGETS)[number];
const at = (gadget: Gadget): bigint => RAM + 8n * BigInt(GADGETS.indexOf(gadget));

/** What may cause an exit of a kind. */
const CAUSES: Readonly<Record<ExitKind, readonly Gadget[]>> = {
  irq: ['nop', 'hvc #0', 'str x3, [x21]', 'brk #0x77'], hvc: ['hvc #0', 'smc #0'], mmio: ['ldr w3, [x20, #0x18]', 'str w3, [x20, #0x38]', 'ldrb w3, [x20, #0x18]'],
  sysreg: ['mrs x3, ID_AA64PFR0_EL1', 'mrs x3, ID_AA64MMFR0_EL1', 'mrs x3, DBGAUTHSTATUS_EL1', 'dc cisw, x3', 'msr OSLAR_EL1, xzr', 'mrs x3, PMCR_EL0'],
  wfx: ['wfi', 'wfe'], brk: ['brk #0x77'], step: ['nop', 'add x3, x3, x22', 'str x3, [x21]'], breakpoint: ['nop', 'hvc #0', 'ldr x3, [x21]'],
  watchpoint: ['str x3, [x21]', 'ldr x3, [x21]'], serror: ['nop', 'add x3, x3, x22', 'ldr x3, [x21]'],
};
const CLASSES: Partial<Record<number, ExitKind>> = {
  [EC.HVC64]: 'hvc', [EC.SMC64]: 'hvc', [EC.DABT_LOW]: 'mmio', [EC.SYS64]: 'sysreg', [EC.WFx]: 'wfx', [EC.BRK64]: 'brk', [EC.SOFTSTP_LOW]: 'step',
  [EC.BREAKPT_LOW]: 'breakpoint', [EC.WATCHPT_LOW]: 'watchpoint',
};

/** The kind of an exit; undefined for one of stage 2, which is no kind of its own. */
function kindOf({ code, esr }: GuestExit, mmio: boolean): ExitKind | undefined {
  if (code === 'irq' || code === 'serror') return code;
  const kind = CLASSES[decodeSyndrome(esr).ec];
  return kind === 'mmio' && !mmio ? undefined : kind;
}

/** A 64-bit generator (Knuth's MMIX constants); the upper half is what is used. */
export function randomFrom(seed: bigint): () => bigint {
  let state = seed;
  const next = (): bigint => (state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n)) >> 32n;
  return () => (next() << 32n) | next();
}

/** The host's, in both modes; a host at EL1 has the EL1 world besides, one at EL2 its own. Left out: what its own running depends on. */
const HOSTS: Readonly<Record<'nvhe' | 'vhe', readonly RegisterName[]>> = {
  nvhe: [
    'TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'ESR_EL1', 'AFSR0_EL1', 'AFSR1_EL1', 'FAR_EL1', 'MAIR_EL1', 'AMAIR_EL1', 'CONTEXTIDR_EL1', 'CNTKCTL_EL1', 'PAR_EL1', 'CSSELR_EL1',
  ],
  vhe: ['TTBR1_EL2', 'MAIR_EL2', 'CONTEXTIDR_EL2'],
};
const COMMON: readonly RegisterName[] = ['TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'SP_EL0', 'MDCCINT_EL1'];
/** The guest's, which an exit must leave alone. */
const GUESTS: readonly RegisterName[] = [
  'TTBR0_EL1', 'TTBR1_EL1', 'ESR_EL1', 'AFSR0_EL1', 'AFSR1_EL1', 'FAR_EL1', 'MAIR_EL1', 'AMAIR_EL1', 'CONTEXTIDR_EL1', 'TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'SP_EL0',
  'SP_EL1', 'ELR_EL1',
];
/** TTBR, MAIR and the like keep what is written; the others have fields. */
const FREE = (name: string): bigint => (/^(CONTEXTIDR|ESR)/.test(name) ? 0xffff_ffffn : /^TTBR/.test(name) ? 0xffff_ffff_fffen : (1n << 64n) - 1n);

/** EL1h with D, A, I and F clear: nothing of the guest's own keeps an exception from it. */
const PSTATE_EL1H = 5n;
const E = 1n;
const MDE = 0x8000n;
/** BCR: matches instructions of EL1 and EL0. WCR: loads, stores or both of 8 bytes there. */
const BREAK = 0x1e7n;
const WATCH = 0x1fffn;

/** What came of it. `faults` is empty when all is well. */
export interface Unharmed {
  readonly counts: ReadonlyMap<ExitKind, number>;
  readonly dirty: number;
  readonly clean: number;
  readonly exits: number;
  readonly faults: readonly string[];
}

/** Causes `each` exits of every kind in random order. Deterministic in `seed`. */
export function provoke(mode: 'nvhe' | 'vhe', each: number, seed: bigint, revision: Revision = TWO_HOOKS): Unharmed {
  return new Provoker(mode, seed, revision).run(each);
}

class Provoker {
  readonly #mode: 'nvhe' | 'vhe';
  readonly #revision: Revision;
  readonly #random: () => bigint;
  readonly #machine: GuestMachine;
  readonly #counts = new Map<ExitKind, number>();
  readonly #faults: string[] = [];
  /** What goes to the processor when the guest stands on it. */
  #event: 'irq' | 'serror' | undefined;
  #last: GuestExit | undefined;
  #dirty = 0;
  #clean = 0;
  #exits = 0;

  constructor(mode: 'nvhe' | 'vhe', seed: bigint, revision: Revision) {
    this.#mode = mode;
    this.#revision = revision;
    this.#random = randomFrom(seed);
    this.#machine = guestMachine({ mode, revision, image: program(GADGETS.map((gadget) => `${gadget}\n b .\n`).join('')) });
    this.#hook();
  }

  /** Events come when the guest runs, and each exit ends the run, so that the host can be looked at. */
  #hook(): void {
    const { hypervisor: { world, host }, hostCpu, vcpu } = this.#machine;
    const revision = this.#revision;
    const enter = world.enter.bind(world);
    const leave = world.leave.bind(world);
    world.enter = (memory) => {
      const computed = revision.guestDebug === 'none' && (memory.context.get('MDSCR_EL1') & MDE) !== 0n;
      if (memory.dirty || computed || memory.state.get('debug-owner') !== DEBUG_OWNER.free) this.#dirty++;
      else this.#clean++;
      const panic = enter(memory);
      if (this.#event === 'irq') host.kick();
      if (this.#event === 'serror') hostCpu.inputs.serror.set(true);
      this.#event = undefined;
      return panic;
    };
    world.leave = (memory, where): Left => {
      hostCpu.inputs.serror.set(false);
      const left = leave(memory, where);
      if (left.kind === 'exit') {
        this.#last = left.exit;
        this.#exits++;
        // Asks for the end of the run; the kick that goes with it is for a guest that has not left yet.
        const kick = host.kick.bind(host);
        host.kick = () => undefined;
        vcpu.interrupt();
        host.kick = kick;
      }
      return left;
    };
  }

  run(each: number): Unharmed {
    const wanted: ExitKind[] = exitKinds(this.#revision).flatMap((kind) => Array.from({ length: each }, () => kind));
    for (let n = wanted.length - 1; n > 0; n--) {
      const other = Number(this.#random() % BigInt(n + 1));
      [wanted[n], wanted[other]] = [wanted[other], wanted[n]];
    }
    for (const kind of wanted) {
      try {
        this.#one(kind);
      } catch (error) {
        // A host that was harmed may not get on at all.
        if (this.#faults.length === 0 || !(error instanceof RunawayError)) throw error;
        break;
      }
      if (this.#faults.length > 20) break;
    }
    return { counts: this.#counts, dirty: this.#dirty, clean: this.#clean, exits: this.#exits, faults: this.#faults };
  }

  #pick<T>(from: readonly T[]): T {
    return from[Number(this.#random() % BigInt(from.length))];
  }

  #one(kind: ExitKind): void {
    const { vcpu, hypervisor: { host: { constants } } } = this.#machine;
    const gadget = this.#pick(CAUSES[kind]);
    const expected = this.#fillGuest(gadget, kind);
    this.#fillHost();
    // The first tries of a page are stage 2's; a run ends after each exit.
    for (let attempt = 0; attempt < 8; attempt++) {
      const before = this.#look();
      this.#last = undefined;
      this.#event = kind === 'irq' || kind === 'serror' ? kind : undefined;
      const exit = vcpu.run({ budget: 1000 });
      const seen = this.#last as GuestExit | undefined;
      // A guest that stands on the processor still has the host's registers in memory.
      vcpu.getRegister('MDSCR_EL1');
      const label = `${this.#mode}, exit ${this.#exits}, ${kind} by ${gadget}`;
      for (const { register, class: of, expected: was, found } of harm(this.#mode, constants, before, this.#look(), this.#revision)) {
        this.#faults.push(`${label}: ${register} (${of}) is ${found.toString(16)}, not ${was.toString(16)}`);
      }
      if (exit.kind === 'internal-error') {
        this.#faults.push(`${label}: ${exit.reason} ${JSON.stringify(exit.detail, (_, value: unknown) => (typeof value === 'bigint' ? value.toString(16) : value))}`);
        return;
      }
      if (seen === undefined) continue;
      const was = kindOf(seen, exit.kind === 'mmio');
      if (was !== undefined) this.#counts.set(was, (this.#counts.get(was) ?? 0) + 1);
      if (was !== kind) continue;
      for (const [name, value] of expected) {
        const found = vcpu.getRegister(name);
        if (found !== value) this.#faults.push(`${label}: the guest's ${name} is ${found.toString(16)}, not ${value.toString(16)}`);
      }
      return;
    }
    this.#faults.push(`${this.#mode}: no exit of kind ${kind} by ${gadget} at ${vcpu.getRegister('pc').toString(16)}`);
  }

  #look(): ReturnType<typeof snapshot> {
    return snapshot((name) => this.#machine.hostCpu.registers.debugger.read(name));
  }

  /** As the host's own kernel would, so that reserved bits are what they always are. */
  #fillHost(): void {
    const { hypervisor: { host: { code, features } } } = this.#machine;
    code.place = { step: 'host', phase: '', kind: 'host' };
    for (const name of [...COMMON, ...HOSTS[this.#mode]]) code.write(name, this.#random() & FREE(name));
    // Its own monitor, on or off; with KDE clear it acts on user programs alone.
    code.write('MDSCR_EL1', this.#pick([0n, MDE]));
    for (let n = 0; n < features.breakpoints; n++) {
      code.write(`DBGBVR${n}_EL1` as RegisterName, this.#random());
      code.write(`DBGBCR${n}_EL1` as RegisterName, this.#pick([0n, 0x1e5n, 0x1e4n]));
    }
    for (let n = 0; n < features.watchpoints; n++) {
      code.write(`DBGWVR${n}_EL1` as RegisterName, this.#random());
      code.write(`DBGWCR${n}_EL1` as RegisterName, this.#pick([0n, 0x1ffdn, 0x1ffcn]));
    }
  }

  /** A new guest state, and what of it must be found after the exit. */
  #fillGuest(gadget: Gadget, kind: ExitKind): ReadonlyMap<string, bigint> {
    const { vcpu, hypervisor: { capabilities } } = this.#machine;
    vcpu.initialise(['psci-0.2']);
    const kept = new Map<string, bigint>();
    const set = (name: string, value: bigint): void => {
      vcpu.setRegister(name, value);
      kept.set(name, value);
    };
    for (const name of GUESTS) set(name, this.#random() & FREE(name));
    for (let n = 4; n < 31; n++) set(`x${n}`, this.#random());
    set('x20', UART);
    set('x21', DATA);
    vcpu.setRegister('x0', 0x8400_0000n);
    vcpu.setRegister('pc', at(gadget));
    vcpu.setRegister('pstate', PSTATE_EL1H);
    // Half of the guests use debug registers themselves, which makes the set one that is switched.
    // Where the guest is known to before its traps are set, nothing of debug traps.
    const traps = this.#revision.guestDebug !== 'dirty' && gadget === 'mrs x3, DBGAUTHSTATUS_EL1';
    const own = this.#pick([true, false]) && !traps;
    set('MDSCR_EL1', own ? MDE : 0n);
    for (let n = 0; n < capabilities.breakpoints; n++) {
      set(`DBGBVR${n}_EL1`, this.#random() & 0xffff_ffff_fffcn);
      set(`DBGBCR${n}_EL1`, 0x1e7n & ~E);
    }
    for (let n = 0; n < capabilities.watchpoints; n++) {
      set(`DBGWVR${n}_EL1`, this.#random() & 0xffff_ffff_fff8n);
      set(`DBGWCR${n}_EL1`, 0x1fffn & ~E);
    }
    vcpu.setGuestDebug(this.#debugFor(kind, gadget));
    return kept;
  }

  #debugFor(kind: ExitKind, gadget: Gadget): GuestDebug {
    const { capabilities: { breakpoints, watchpoints } } = this.#machine.hypervisor;
    const bank = (count: number, value: bigint | undefined, else_: () => bigint): bigint[] => {
      const chosen = Number(this.#random() % BigInt(count));
      return Array.from({ length: count }, (_, n) => (n === chosen && value !== undefined ? value : else_()));
    };
    const hardware = (bvr?: bigint, wvr?: bigint): HardwareDebugRegisters => ({
      // Every unit is on; all but the chosen one wait for addresses that nobody uses.
      bcr: bank(breakpoints, undefined, () => BREAK), bvr: bank(breakpoints, bvr, () => 0x7000_0000n + (this.#random() & 0xffcn)),
      wcr: bank(watchpoints, undefined, () => WATCH), wvr: bank(watchpoints, wvr, () => 0x7100_0000n + (this.#random() & 0xff8n)),
    });
    switch (kind) {
      case 'step': return { enable: true, singleStep: true, ...(this.#pick([true, false]) ? { hardware: hardware() } : {}) };
      case 'breakpoint': return { enable: true, hardware: hardware(at(gadget)) };
      case 'watchpoint': return { enable: true, hardware: hardware(undefined, DATA) };
      case 'brk': return { enable: true, softwareBreakpoints: true, ...(this.#pick([true, false]) ? { hardware: hardware() } : {}) };
      default: return this.#revision.guestDebug === 'none' ? { enable: false } : this.#pick<GuestDebug>([{ enable: false }, { enable: true }, { enable: true, hardware: hardware() }]);
    }
  }
}
