/**
 * A processor's side of a conversation, line by line: what it was asked, and what it answered. `Recorder` writes the lines down while a real
 * processor answers; `RecordedProcessor` answers from them, and refuses a question that was not asked then.
 */
import { describe, type HostProcessor, type ProcessorStop } from '@worldswitch/arm64-hypervisor';
import type { PortInstruction, ProcessorEvent, ProcessorEvents, Verdict } from '@worldswitch/arm64-sysreg';
import { ReferenceMemory } from '@worldswitch/machine';
import { RAM } from './round-trip.ts';

/** `question = answer`; the answer is empty where there was nothing to tell but that it was done. */
export type Lines = readonly string[];

const number = (value: bigint): string => `0x${value.toString(16)}`;

/** JSON with wide integers as `0x…n`, which no register's name looks like. */
export const pack = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${number(part)}n` : part));
export const unpack = (text: string): unknown => JSON.parse(text, (_, part: unknown) => (typeof part === 'string' && /^0x[0-9a-f]+n$/.test(part) ? BigInt(part.slice(0, -1)) : part));

/** An instruction with its operands, so that two that look alike are the same. */
function asked(instruction: PortInstruction): string {
  const operands = [
    'value' in instruction ? number(instruction.value) : '', 'place' in instruction && instruction.place.kind === 'slot' ? number(instruction.place.address) : '',
    'address' in instruction && instruction.address !== undefined ? number(instruction.address) : '',
  ].filter((part) => part !== '');
  return [describe(instruction), ...operands].join(' ');
}

function answered(verdict: Verdict): string {
  return verdict.kind === 'ok' ? (verdict.value === undefined ? '' : number(verdict.value)) : pack(verdict);
}

/** What is reported of a processor, each event as what is new since the last one of its kind: most of it repeats. */
class EventLog {
  readonly #last = new Map<string, ProcessorEvent>();

  shorten(events: readonly ProcessorEvent[]): string {
    return pack(events.map((event) => {
      const last = this.#last.get(event.kind) as Readonly<Record<string, unknown>> | undefined;
      this.#last.set(event.kind, event);
      return Object.fromEntries(Object.entries(event).filter(([key, value]) => key === 'kind' || last === undefined || last[key] !== value || Object.keys(last).length !== Object.keys(event).length));
    }));
  }
  restore(text: string): readonly ProcessorEvent[] {
    return (unpack(text) as readonly ProcessorEvent[]).map((part) => {
      const last = this.#last.get(part.kind);
      const whole = { ...(last !== undefined && sameKeys(last, part) ? last : {}), ...part };
      this.#last.set(part.kind, whole);
      return whole;
    });
  }
}

/** An event with other keys than the last of its kind (a V register among slots) has been written whole. */
const sameKeys = (last: object, part: object): boolean => Object.keys(part).every((key) => key in last);

/** Hands everything to a processor and writes it down. Memory is not asked: it is the host's own. */
export class Recorder implements HostProcessor {
  readonly lines: string[] = [];
  readonly memory: HostProcessor['memory'];
  readonly debugger: HostProcessor['debugger'];
  readonly port: HostProcessor['port'];
  readonly #processor: HostProcessor;
  readonly #log = new EventLog();

  constructor(processor: HostProcessor) {
    this.#processor = processor;
    this.memory = processor.memory;
    this.port = { execute: (instruction) => this.#note(asked(instruction), processor.port.execute(instruction), answered) };
    this.debugger = {
      read: (name) => this.#note(`look at ${name}`, processor.debugger.read(name), (value) => (value === undefined ? 'none' : number(value))),
      write: (name) => { throw new Error(`${name}: a recording is of a host, which changes registers by instructions`); },
    };
  }
  get retired(): bigint {
    return this.#note('retired', this.#processor.retired, number);
  }
  run(budget: number): ProcessorStop {
    return this.#note(`run ${budget}`, this.#processor.run(budget), pack);
  }
  general(n: number): bigint {
    return this.#note(`x${n}`, this.#processor.general(n), number);
  }
  setGeneral(n: number, value: bigint): void {
    this.#note(`x${n} ${number(value)}`, undefined, () => '');
    this.#processor.setGeneral(n, value);
  }
  observe(capacity: number): ProcessorEvents {
    const events = this.#processor.observe?.(capacity);
    if (events === undefined) throw new Error('this processor cannot be observed, so there is nothing to record for a ledger');
    return { lost: 0, drain: () => this.#note('events', events.drain(), (list) => this.#log.shorten(list)), [Symbol.dispose]: () => { events[Symbol.dispose](); } };
  }

  #note<T>(question: string, answer: T, words: (answer: T) => string): T {
    this.lines.push(`${question} = ${words(answer)}`);
    return answer;
  }
}

/** Answers as the recorded processor did. It has no registers, no instructions and no translation: memory, and a list of lines. */
export class RecordedProcessor implements HostProcessor {
  readonly memory = new ReferenceMemory();
  readonly #lines: Lines;
  readonly #log = new EventLog();
  #next = 0;

  constructor(lines: Lines) {
    this.#lines = lines;
    this.memory.ram(RAM.base, RAM.size);
  }

  readonly port = {
    execute: (instruction: PortInstruction): Verdict => {
      const answer = this.#answer(asked(instruction));
      // The host's kernel reads as memory what the switch has stored.
      if (instruction.op === 'str') this.memory.write(instruction.place.address, instruction.size, instruction.value, 0);
      if (answer.startsWith('{')) return unpack(answer) as Verdict;
      return answer === '' ? { kind: 'ok' } : { kind: 'ok', value: BigInt(answer) };
    },
  };
  readonly debugger = {
    read: (name: string): bigint | undefined => {
      const answer = this.#answer(`look at ${name}`);
      return answer === 'none' ? undefined : BigInt(answer);
    },
    write: (): boolean => false,
  };
  get retired(): bigint {
    return BigInt(this.#answer('retired'));
  }
  run(budget: number): ProcessorStop {
    return unpack(this.#answer(`run ${budget}`)) as ProcessorStop;
  }
  general(n: number): bigint {
    return BigInt(this.#answer(`x${n}`));
  }
  setGeneral(n: number, value: bigint): void {
    this.#answer(`x${n} ${number(value)}`);
  }
  observe(): ProcessorEvents {
    return { lost: 0, drain: () => this.#log.restore(this.#answer('events')), [Symbol.dispose]: () => undefined };
  }
  /** Lines that nobody has asked for. */
  get left(): number {
    return this.#lines.length - this.#next;
  }

  #answer(question: string): string {
    const line = this.#lines[this.#next] ?? '';
    if (!line.startsWith(`${question} = `)) {
      throw new Error(`question ${this.#next + 1} is '${question}', the recording has '${line}': the switch has changed since; record again with record.ts`);
    }
    this.#next++;
    return line.slice(question.length + 3);
  }
}
