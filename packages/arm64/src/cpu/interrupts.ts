import type { InterruptLine } from '@worldswitch/machine';
import type { ExceptionEntry } from './exceptions.ts';
import type { ProcessorState } from './processor-state.ts';

/** Interrupt inputs of a processor; `virq` and `vfiq` come from a virtual CPU interface. */
export const INPUTS = ['irq', 'fiq', 'serror', 'virq', 'vfiq'] as const;
export type InputName = (typeof INPUTS)[number];

const HCR = { FMO: 1n << 3n, IMO: 1n << 4n, AMO: 1n << 5n, VF: 1n << 6n, VI: 1n << 7n, VSE: 1n << 8n } as const;
const ISR = { A: 1n << 8n, I: 1n << 7n, F: 1n << 6n } as const;

/**
 * One kind of asynchronous exception: its input, its virtual form, and what routes and masks it. Which of several goes first is free
 * (DDI 0487 D1.3.5); as on QEMU, so that runs can be compared, it is the physical ones in this order, then the virtual ones in the other.
 */
const KINDS = [
  { vector: 'serror', input: 'serror', virtualInput: undefined, route: HCR.AMO, pend: HCR.VSE, mask: 'A', isr: ISR.A },
  { vector: 'fiq', input: 'fiq', virtualInput: 'vfiq', route: HCR.FMO, pend: HCR.VF, mask: 'F', isr: ISR.F },
  { vector: 'irq', input: 'irq', virtualInput: 'virq', route: HCR.IMO, pend: HCR.VI, mask: 'I', isr: ISR.I },
] as const;
const VIRTUAL_KINDS = [...KINDS].reverse();

/** Asynchronous exceptions: which are pending, where they go, when they may be taken (DDI 0487 D1.3.6). */
export class Interrupts {
  readonly #s: ProcessorState;
  readonly #levels: Record<InputName, boolean> = { irq: false, fiq: false, serror: false, virq: false, vfiq: false };
  readonly lines: Readonly<Record<InputName, InterruptLine>>;
  /** Anything asserted at all: the common answer is no. */
  #any = false;

  constructor(state: ProcessorState, changed: () => void) {
    this.#s = state;
    const line = (name: InputName): InterruptLine => ({
      set: (level) => {
        if (this.#levels[name] === level) return;
        this.#levels[name] = level;
        this.refresh();
        changed();
      },
    });
    this.lines = { irq: line('irq'), fiq: line('fiq'), serror: line('serror'), virq: line('virq'), vfiq: line('vfiq') };
  }

  /** HCR_EL2 or an input has changed. */
  refresh(): void {
    const { VF, VI, VSE } = HCR;
    this.#any = INPUTS.some((name) => this.#levels[name]) || (this.#hcr() & (VF | VI | VSE)) !== 0n;
  }

  /** The exception to take before the next instruction. */
  due(): (Omit<ExceptionEntry, 'returnTo'> & { readonly virtualSError?: boolean }) | undefined {
    if (!this.#any) return undefined;
    const { pstate } = this.#s;
    for (const kind of KINDS) {
      if (!this.#levels[kind.input]) continue;
      const masked = pstate[kind.mask];
      const to = this.#routedToEl2(kind.route) ? 2 : 1;
      if (pstate.el < to ? to === 2 || !masked : pstate.el === to && !masked) return this.#entry(to, kind.vector, false);
    }
    for (const kind of VIRTUAL_KINDS) {
      if (this.#virtualPending(kind) && pstate.el < 2 && !pstate[kind.mask]) return this.#entry(1, kind.vector, kind.vector === 'serror');
    }
    return undefined;
  }
  /** Ends WFI: anything pending, masked or not (DDI 0487 D1.6.1). */
  wakes(): boolean {
    return this.#any && KINDS.some((kind) => this.#levels[kind.input] || (this.#virtualPending(kind) && this.#s.pstate.el < 2));
  }
  /** ISR_EL1 as the present level sees it: at EL1 the virtual forms stand in where they are routed there. */
  isr(): bigint {
    const { el } = this.#s.pstate;
    return KINDS.reduce((all, kind) => {
      const physicalHere = el === 2 || !this.#routedToEl2(kind.route);
      const pending = physicalHere ? this.#levels[kind.input] : this.#virtualPending(kind);
      return pending ? all | kind.isr : all;
    }, 0n);
  }
  clearVirtualSError(): void {
    const { registers } = this.#s;
    registers.set('HCR_EL2', registers.get('HCR_EL2') & ~HCR.VSE);
    this.refresh();
  }
  save(): readonly InputName[] {
    return INPUTS.filter((name) => this.#levels[name]);
  }
  restore(high: readonly string[]): void {
    for (const name of INPUTS) this.#levels[name] = high.includes(name);
    this.refresh();
  }

  #hcr(): bigint {
    return this.#s.highestEl === 2 ? this.#s.registers.get('HCR_EL2') : 0n;
  }
  // With TGE everything goes to EL2, whatever IMO, FMO and AMO hold.
  #routedToEl2(route: bigint): boolean {
    return this.#s.highestEl === 2 && (this.#s.tge || (this.#hcr() & route) !== 0n);
  }
  #virtualPending({ route, pend, virtualInput }: (typeof KINDS)[number]): boolean {
    const hcr = this.#hcr();
    if (this.#s.tge || (hcr & route) === 0n) return false;
    return (hcr & pend) !== 0n || (virtualInput !== undefined && this.#levels[virtualInput]);
  }
  #entry(to: 1 | 2, vector: 'irq' | 'fiq' | 'serror', virtualSError: boolean): ReturnType<Interrupts['due']> {
    return vector === 'serror' ? { to, vector, virtualSError, syndrome: serrorSyndrome() } : { to, vector };
  }
}

/** An uncontained, implementation defined SError: EC 0x2f, IDS 0, no more known. */
function serrorSyndrome(): bigint {
  return (0x2fn << 26n) | (1n << 25n);
}
