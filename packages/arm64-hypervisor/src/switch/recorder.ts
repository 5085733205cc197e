/**
 * The ledger of a switch: what the processor did comes from its own observation, where in the switch it was done from the hosted code,
 * which says so whenever that changes. The two are joined by order, so a row cannot claim an access that did not happen.
 */
import { decodeSyndrome, exceptionClassName, nameOf } from '@worldswitch/arm64-sysreg';
import type { ExceptionEvent, HostedAccess, HostedVectorMove, PortPlace, ProcessorEvent, ProcessorEvents, SteeringEvent } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import type { Ledger, LedgerOwner, LedgerRow } from '@worldswitch/hypervisor';

/** Where in the switch an instruction belongs. */
export interface Place {
  readonly step: string;
  readonly phase: string;
  readonly kind: string;
  /** Whose world its accesses serve, where the context they go to or come from does not say it. */
  readonly owner?: LedgerOwner;
}

/** What an event is in a row, besides where and when. */
type Content = Pick<LedgerRow, 'operation' | 'written' | 'reached' | 'before' | 'after' | 'verdict'>;

/** Op1:op2 of MSR (immediate) with DAIF (DDI 0487 C6.2). */
const DAIF_NAMES: Readonly<Record<number, string>> = { 30: 'daifset', 31: 'daifclr' };
const DSB_NAMES: Readonly<Record<number, string>> = { 15: 'dsb sy', 11: 'dsb ish', 7: 'dsb nsh', 3: 'dsb osh' };

/** Joins the events of one processor with the places of its hosted code, from its creation until `end`. */
export class Recorder {
  readonly #events: ProcessorEvents;
  readonly #ledger: Ledger;
  readonly #detach: () => void;
  readonly #slots = new Map<bigint, string>();
  #place: Place;
  #owner: LedgerOwner | undefined;
  #lost = 0;

  constructor(events: ProcessorEvents, ledger: Ledger, place: Place) {
    this.#events = events;
    this.#ledger = ledger;
    this.#place = place;
    this.#owner = place.owner;
    this.#detach = ledger.feed(() => { this.#join(); });
  }

  /** What follows belongs to `place`. */
  enter(place: Place): void {
    this.#join();
    this.#place = place;
    this.#owner = place.owner;
  }

  /** What follows is of `owner`'s, or of the place's where nobody is named. */
  owned(owner: LedgerOwner | undefined = this.#place.owner): void {
    if (owner === this.#owner) return;
    this.#join();
    this.#owner = owner;
  }

  /** The slot that the next access to its address means. Pages of a context may serve another one later. */
  slot({ address, ...place }: PortPlace): void {
    if (place.kind !== 'slot') return;
    const name = `${place.context}.${place.slot}`;
    if (this.#slots.get(address) === name) return;
    this.#join();
    this.#slots.set(address, name);
  }

  end(): void {
    this.#detach();
    this.#events[Symbol.dispose]();
  }

  #join(): void {
    const { lost } = this.#events;
    if (lost !== this.#lost) this.#ledger.missed(lost - this.#lost);
    this.#lost = lost;
    for (const event of this.#events.drain()) {
      const { step, phase, kind } = this.#place;
      const { el, retired, pc } = event;
      this.#ledger.record({ step, phase, kind, el, icount: retired, pc, ...(this.#owner === undefined ? {} : { owner: this.#owner }), ...this.#content(event) });
    }
  }

  #content(event: ProcessorEvent): Content {
    switch (event.kind) {
      case 'system-register': {
        const { direction, written, reached, verdict, before, after } = event;
        return { operation: direction, written, reached: reached ?? written, verdict, ...(before === null ? {} : { before }), ...(after === null ? {} : { after }) };
      }
      case 'barrier': return steering(event);
      case 'exception': return exception(event);
      case 'hosted': return this.#move(event);
    }
  }

  #move(event: HostedAccess | HostedVectorMove): Content {
    const named = (name: string): Pick<Content, 'operation' | 'written' | 'reached' | 'verdict'> => ({ operation: event.move, written: name, reached: name, verdict: 'ok' });
    if ('register' in event) return { ...named(`V${event.register}`), before: event.before, after: event.after };
    const { move, address, value } = event;
    return { ...named(this.#slots.get(address) ?? hex(address)), ...(move === 'load' ? { before: value } : {}), after: value };
  }
}

function steering({ name, encoding, operand }: SteeringEvent): Content {
  const plain = (operation: Content['operation'], text: string, verdict: Content['verdict'] = 'ok'): Content => ({ operation, written: text, reached: text, verdict });
  switch (name) {
    case 'isb': return plain('barrier', 'isb');
    case 'dsb': return plain('barrier', DSB_NAMES[encoding] ?? `dsb #${encoding}`);
    case 'sys': return { ...plain('maintenance', nameOf(encoding, 'write').toLowerCase()), after: operand };
    case 'eret': return plain('control', 'eret', 'departed');
    case 'psb': return plain('barrier', 'psb csync');
    case 'wfi': return plain('control', 'wfi');
    case 'pstate': return plain('control', `${DAIF_NAMES[encoding] ?? `pstate ${encoding}`} #${operand}`);
  }
}

function exception({ vector, to, syndrome }: ExceptionEvent): Content {
  const reached = `EL${to}`;
  if (vector !== 'synchronous') return { operation: 'exception', written: vector, reached, verdict: 'departed' };
  const { ec } = decodeSyndrome(syndrome);
  return { operation: 'exception', written: exceptionClassName(ec) ?? `exception class ${hex(BigInt(ec))}`, reached, after: syndrome, verdict: 'departed' };
}
