/**
 * The ledger of a switch: what the processor did comes from its own observation, where in the switch it was done from the hosted code,
 * which says so whenever that changes. The two are joined by order, so a row cannot claim an access that did not happen.
 */
import { decodeSyndrome, exceptionClassName, nameOf } from '@worldswitch/arm64-sysreg';
import type { EventBatch, ExceptionEvent, HostedAccess, HostedVectorMove, PortPlace, ProcessorEvent, ProcessorEvents, SteeringEvent } from '@worldswitch/arm64-sysreg';
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
type Content = Pick<LedgerRow, 'operation' | 'written' | 'reached' | 'verdict'> & { readonly before?: bigint | undefined; readonly after?: bigint | undefined };

/** Op1:op2 of MSR (immediate) with DAIF (DDI 0487 C6.2). */
const DAIF_NAMES: Readonly<Record<number, string>> = { 30: 'daifset', 31: 'daifclr' };
const DSB_NAMES: Readonly<Record<number, string>> = { 15: 'dsb sy', 11: 'dsb ish', 7: 'dsb nsh', 3: 'dsb osh' };

/** Something that holds for all events from the one of that number on. */
type Mark =
  | { readonly at: number; readonly place: Place; readonly owner: LedgerOwner | undefined }
  | { readonly at: number; readonly address: bigint; readonly name: string };

/** Events that are taken before they are looked at: half of an observation of 4096, so that none is lost meanwhile. */
const SPILL = 2048;

/**
 * Joins the events of one processor with the places of its hosted code, from its creation until `end`. What costs time waits until the
 * ledger is looked at, where the events can wait: until then there are numbers in memory, and marks between them.
 */
export class Recorder {
  readonly #events: ProcessorEvents;
  readonly #ledger: Ledger;
  readonly #detach: () => void;
  /** What hosted code said last. */
  #place: Place;
  #owner: LedgerOwner | undefined;
  /** Slots that hosted code has named, each the last at its address. */
  readonly #said = new Set<PortPlace>();
  readonly #byAddress = new Map<bigint, Extract<PortPlace, { readonly kind: 'slot' }>>();
  /** What it had said when the first event that is held happened. */
  #then: { readonly place: Place; readonly owner: LedgerOwner | undefined };
  readonly #slots = new Map<bigint, string>();
  /** Events that are held, oldest first, and what was said between them. */
  #held: { readonly from: number; readonly batch: EventBatch }[] = [];
  readonly #marks: Mark[] = [];
  #applied = 0;
  #taken = 0;
  #holding = 0;
  #lost = 0;

  constructor(events: ProcessorEvents, ledger: Ledger, place: Place) {
    this.#events = events;
    this.#ledger = ledger;
    this.#place = place;
    this.#owner = place.owner;
    this.#then = { place, owner: place.owner };
    this.#detach = ledger.feed(() => { this.#join(); });
  }

  /** What follows belongs to `place`. */
  enter(place: Place): void {
    this.#place = place;
    this.#owner = place.owner;
    this.#marks.push({ at: this.#now(), place, owner: place.owner });
  }

  /** What follows is of `owner`'s, or of the place's where nobody is named. */
  owned(owner: LedgerOwner | undefined = this.#place.owner): void {
    if (owner === this.#owner) return;
    this.#owner = owner;
    this.#marks.push({ at: this.#now(), place: this.#place, owner });
  }

  /** The slot that the next access to its address means. Pages of a context may serve another one later. */
  slot(place: PortPlace): void {
    if (place.kind !== 'slot' || this.#said.has(place)) return;
    const { address, context, slot } = place;
    const before = this.#byAddress.get(address);
    if (before !== undefined) this.#said.delete(before);
    this.#said.add(place);
    this.#byAddress.set(address, place);
    if (before?.context === context && before.slot === slot) return;
    this.#marks.push({ at: this.#now(), address, name: `${context}.${slot}` });
  }

  end(): void {
    this.#detach();
    this.#events[Symbol.dispose]();
  }

  /** The number of the next event. */
  #now(): number {
    const { deferred } = this.#events;
    if (deferred === undefined) {
      this.#join();
      return this.#taken;
    }
    const { count } = deferred;
    if (count - this.#taken >= SPILL) this.#hold();
    return count;
  }

  /** Takes what has happened, without looking at it. */
  #hold(): void {
    const { deferred, lost } = this.#events;
    if (lost !== this.#lost) this.#ledger.missed(lost - this.#lost);
    const batch = deferred?.take() ?? this.#events.drain();
    this.#taken = deferred?.count ?? this.#taken + batch.length;
    this.#lost = lost;
    this.#held.push({ from: this.#taken - batch.length, batch });
    this.#holding += batch.length;
    // No more than the ledger would keep. What was said between those that go still counts.
    while (this.#holding > this.#ledger.capacity && this.#held.length > 1) {
      const [{ batch: { length } }] = this.#held.splice(0, 1);
      this.#holding -= length;
      this.#ledger.missed(length);
      this.#apply(this.#held[0].from);
      this.#marks.splice(0, this.#applied);
      this.#applied = 0;
    }
  }

  #join(): void {
    this.#hold();
    for (const { from, batch } of this.#held) {
      let number = from;
      for (const event of batch) {
        this.#apply(number++);
        this.#record(event);
      }
    }
    this.#apply(this.#taken);
    this.#held = [];
    this.#holding = 0;
    this.#marks.length = 0;
    this.#applied = 0;
  }

  /** What was said before the event of that number holds now. */
  #apply(number: number): void {
    for (; this.#applied < this.#marks.length && this.#marks[this.#applied].at <= number; this.#applied++) {
      const mark = this.#marks[this.#applied];
      if ('place' in mark) this.#then = mark;
      else this.#slots.set(mark.address, mark.name);
    }
  }

  #record(event: ProcessorEvent): void {
    const { place: { step, phase, kind }, owner } = this.#then;
    const { el, retired, pc } = event;
    const { operation, written, reached, verdict, before, after } = this.#content(event);
    const row: { -readonly [K in keyof LedgerRow]: LedgerRow[K] } = owner === undefined
      ? { step, phase, kind, el, icount: retired, pc, operation, written, reached, verdict }
      : { step, phase, kind, el, icount: retired, pc, owner, operation, written, reached, verdict };
    if (before !== undefined) row.before = before;
    if (after !== undefined) row.after = after;
    this.#ledger.record(row);
  }

  #content(event: ProcessorEvent): Content {
    switch (event.kind) {
      case 'system-register': {
        const { direction, written, reached, verdict, before, after } = event;
        return { operation: direction, written, reached: reached ?? written, verdict, before: before ?? undefined, after: after ?? undefined };
      }
      case 'barrier': return steering(event);
      case 'exception': return exception(event);
      case 'hosted': return this.#move(event);
    }
  }

  #move(event: HostedAccess | HostedVectorMove): Content {
    if ('register' in event) {
      const name = `V${event.register}`;
      return { operation: event.move, written: name, reached: name, before: event.before, after: event.after, verdict: 'ok' };
    }
    const { move, address, value } = event;
    const name = this.#slots.get(address) ?? hex(address);
    return { operation: move, written: name, reached: name, before: move === 'load' ? value : undefined, after: value, verdict: 'ok' };
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
