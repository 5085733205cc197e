import { StringDecoder } from 'node:string_decoder';
import type { LocalSession, Position, ReplyOf } from '@worldswitch/session';
import { jsonLine } from '../json.ts';
import { codeLines, describeEnd, detailLines, registerLines } from './report.ts';

type Done = ReplyOf<'run'>;

/** How a run is shown. */
export interface Output {
  listen(session: LocalSession): void;
  /** A stop that the user asked for. */
  stop(session: LocalSession, done: Done): Promise<void>;
  /** An instruction that is about to be executed by a step. */
  stepping(position: Position): void;
  end(done: Done): void;
  close(): void;
}

const GENERAL = /^(x\d+|sp|pc|pstate)$/;

async function lookAround(session: LocalSession): Promise<{ readonly registers: Readonly<Record<string, bigint>>; readonly lines: ReplyOf<'disassemble'>['lines'] }> {
  const { values } = await session.send({ kind: 'registers' });
  const { lines } = await session.send({ kind: 'disassemble', count: 4 });
  return { registers: Object.fromEntries(Object.entries(values).filter(([name]) => GENERAL.test(name))), lines };
}

/** The guest's console on standard output, everything else on standard error. */
export class HumanOutput implements Output {
  readonly #progress = process.stderr.isTTY && !process.stdout.isTTY;
  #shown = false;
  #column = 0;

  listen(session: LocalSession): void {
    session.on('console', ({ bytes }) => {
      this.#clear();
      process.stdout.write(bytes);
      const last = bytes.lastIndexOf(0x0a);
      this.#column = last < 0 ? this.#column + bytes.length : bytes.length - last - 1;
    });
    session.on('trace', ({ rows }) => { this.#say(...rows.map(({ text }) => text)); });
    if (!this.#progress) return;
    session.on('progress', ({ retired }) => {
      process.stderr.write(`\r${(retired / 1e6).toFixed(1)} M instructions `);
      this.#shown = true;
    });
  }
  async stop(session: LocalSession, { end, position }: Done): Promise<void> {
    const { registers, lines } = await lookAround(session);
    this.#say(describeEnd(end, position), ...detailLines(end), ...codeLines(lines, position.pc), ...registerLines(registers));
  }
  stepping({ pc, instruction }: Position): void {
    this.#say(`${pc.toString(16).padStart(16, '0')}  ${instruction}`);
  }
  end({ end, position }: Done): void {
    const silent = end.kind === 'halted' && end.ok && !process.stderr.isTTY;
    if (!silent) this.#say(describeEnd(end, position), ...detailLines(end));
    else this.#clear();
  }
  close(): void {
    this.#clear();
  }

  #say(...lines: readonly string[]): void {
    this.#clear();
    const terminal = process.stdin.isTTY && process.stderr.isTTY;
    // In raw mode a line feed goes down and not back.
    const newline = terminal ? '\r\n' : '\n';
    if (this.#column > 0 && process.stdout.isTTY) process.stderr.write(newline);
    this.#column = 0;
    process.stderr.write(`${lines.join(newline)}${newline}`);
  }
  #clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K');
    this.#shown = false;
  }
}

/** One JSON object a line on standard output; `event` says what it is. */
export class JsonOutput implements Output {
  readonly #decoder = new StringDecoder('utf8');

  listen(session: LocalSession): void {
    session.on('loaded', ({ kind, ...rest }) => { this.#line({ event: kind, ...rest }); });
    session.on('console', ({ bytes }) => { this.#line({ event: 'console', text: this.#decoder.write(Buffer.from(bytes)), bytes }); });
    session.on('trace', ({ name, rows }) => { for (const { data } of rows) this.#line({ event: 'trace', trace: name, ...data }); });
  }
  async stop(session: LocalSession, { end, position }: Done): Promise<void> {
    const { registers, lines } = await lookAround(session);
    this.#line({ event: 'stop', ...end, position, registers, code: lines });
  }
  stepping(position: Position): void {
    this.#line({ event: 'step', position });
  }
  end({ end, position }: Done): void {
    this.#line({ event: 'end', ...end, position });
  }
  close(): void {
    // Every line is written when it is known.
  }
  #line(value: object): void {
    process.stdout.write(jsonLine(value));
  }
}
