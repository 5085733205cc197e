import { parseErrorReply } from '../codec/status.ts';
import type { Payload } from '../codec/text.ts';
import { toText } from '../codec/text.ts';
import { GdbError } from '../error.ts';
import { STOP_REASON } from '../features/attachment.ts';
import { parseConsoleOutput } from '../features/monitor.ts';
import { isStopReply, parseStopReply } from '../features/stop-reply.ts';
import type { StopReply } from '../features/stop-reply.ts';
import { PacketLink } from '../framing/packet-link.ts';
import type { LinkEvent } from '../framing/packet-link.ts';

/**
 * Starts the caller's clock for one request: calls `expired` when the request has taken too long, unless the function returned has
 * been called before. With `setTimeout`: `(expired) => { const t = setTimeout(expired, 5000); return () => clearTimeout(t); }`.
 */
export type StartTimer = (expired: () => void) => () => void;

/** What a connection needs from its surroundings. */
export interface ConnectionOptions {
  /** Sends bytes to the target; must not throw. */
  readonly send: (bytes: Uint8Array) => void;
  /** Without it requests wait for ever. Resumes are not timed: a target may run as long as it likes. */
  readonly startTimer?: StartTimer;
  /** Text that the target prints while it runs. */
  readonly onConsole?: (text: string) => void;
  /** Notifications, and packets that nothing waits for. */
  readonly onUnasked?: (text: string) => void;
}

interface Exchange {
  readonly payload: Payload;
  readonly name: string;
  /** Takes a reply; false when more are to come. Throws to reject. */
  readonly take: (reply: Uint8Array) => boolean;
  readonly reject: (error: Error) => void;
  readonly timed: boolean;
  /** A stop reply is the answer, and not news that crosses the request. */
  readonly expectsStop: boolean;
}

/** A stop reply that no other reply looks like: a signal alone, or a signal and KEY:VALUE pairs. */
const STOP_PACKET = /^(?:S[0-9a-fA-F]{2}$|T[0-9a-fA-F]{2}(?:$|\w+:))/;

/**
 * One conversation with a target in all-stop mode: a request at a time, each with its reply, and a resume that lasts until the
 * stop. No I/O: bytes leave by `send` and arrive by {@link receive}.
 */
export class Connection {
  private readonly options: ConnectionOptions;
  private readonly link: PacketLink;
  private readonly queue: Exchange[] = [];
  private stopTimer: (() => void) | undefined;
  private broken: GdbError | undefined;
  private isRunning = false;

  constructor(options: ConnectionOptions) {
    this.options = options;
    this.link = new PacketLink({ role: 'client', send: options.send });
  }

  /** True from a resume to its stop reply. */
  get running(): boolean {
    return this.isRunning;
  }

  /** Takes bytes from the target, in pieces of any size. */
  receive(bytes: Uint8Array): void {
    if (this.broken !== undefined) return;
    let events: LinkEvent[];
    try {
      events = this.link.receive(bytes);
    } catch (error) {
      this.fail(error instanceof GdbError ? error : new GdbError('protocol', String(error)));
      return;
    }
    for (const event of events) {
      if (event.kind === 'packet') this.takePacket(event.payload);
      else if (event.kind === 'notification') this.options.onUnasked?.(toText(event.payload));
    }
  }

  /** Sends a request and resolves with its reply, whatever it is (an error reply or the empty packet too). */
  request(payload: Payload, name = describe(payload)): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.enqueue({
        payload,
        name,
        take: (reply) => {
          resolve(reply);
          return true;
        },
        reject,
        timed: true,
        expectsStop: payload === STOP_REASON,
      });
    });
  }

  /** Sends a request that is answered by several packets; `take` gets each and says when it was the last. */
  requestSeries(payload: Payload, take: (reply: Uint8Array) => boolean, name = describe(payload)): Promise<void> {
    return new Promise((resolve, reject) => {
      this.enqueue({
        payload,
        name,
        take: (reply) => {
          const done = take(reply);
          if (done) resolve();
          return done;
        },
        reject,
        timed: true,
        expectsStop: false,
      });
    });
  }

  /** Sends a resume packet and resolves when the target stops. */
  resume(payload: Payload): Promise<StopReply> {
    return new Promise((resolve, reject) => {
      const name = describe(payload);
      const accepted = this.enqueue({
        payload,
        name,
        take: (reply) => {
          const output = parseConsoleOutput(reply);
          if (output !== undefined) {
            this.options.onConsole?.(output);
            return false;
          }
          this.isRunning = false;
          resolve(readStop(reply, name));
          return true;
        },
        reject: (error) => {
          this.isRunning = false;
          reject(error);
        },
        timed: false,
        expectsStop: true,
      });
      if (accepted) this.isRunning = true;
    });
  }

  /** Sends a packet that has no reply (`k`). */
  sendUnanswered(payload: Payload): void {
    if (this.broken === undefined) this.link.sendPacket(payload);
  }

  /** Asks a running target to stop; the pending resume resolves with the stop. False, and nothing sent, when it is not running. */
  interrupt(): boolean {
    if (!this.isRunning || this.broken !== undefined) return false;
    this.link.sendInterrupt();
    return true;
  }

  /** See {@link PacketLink.stopAcknowledging}. */
  stopAcknowledging(): void {
    this.link.stopAcknowledging();
  }

  /** The transport has ended: whatever waits is rejected with `reason`, and so is every later request. */
  close(reason = 'the connection was closed'): void {
    this.fail(new GdbError('closed', `${reason}. Connect again`));
  }

  private enqueue(exchange: Exchange): boolean {
    if (this.broken !== undefined) {
      exchange.reject(this.broken);
      return false;
    }
    if (this.isRunning) {
      exchange.reject(new GdbError('state', `${exchange.name}: the target is running and takes no requests. Call interrupt() and wait for the stop first`));
      return false;
    }
    this.queue.push(exchange);
    if (this.queue.length === 1) this.start(exchange);
    return true;
  }

  private start(exchange: Exchange): void {
    if (exchange.timed) {
      this.stopTimer = this.options.startTimer?.(() => {
        // Replies carry no name: a late one would be taken for the next request's. So a timeout ends the conversation.
        this.fail(new GdbError('timeout', `${exchange.name}: no reply in the time allowed. Allow more time, or check that the target is stopped and reachable; then connect again`));
      });
    }
    this.link.sendPacket(exchange.payload);
  }

  private takePacket(reply: Uint8Array): void {
    const exchange = this.queue.at(0);
    // QEMU, when a client connects to a running machine, stops it and says so unasked, before the first reply.
    if (exchange === undefined || (!exchange.expectsStop && STOP_PACKET.test(toText(reply.subarray(0, 512))))) {
      this.options.onUnasked?.(toText(reply));
      return;
    }
    try {
      if (!exchange.take(reply)) return;
    } catch (error) {
      exchange.reject(error instanceof Error ? error : new Error(String(error)));
    }
    this.stopTimer?.();
    this.stopTimer = undefined;
    this.queue.shift();
    const next = this.queue.at(0);
    if (next !== undefined) this.start(next);
  }

  private fail(error: GdbError): void {
    if (this.broken !== undefined) return;
    this.broken = error;
    this.stopTimer?.();
    for (const exchange of this.queue.splice(0)) exchange.reject(error);
  }
}

function readStop(reply: Uint8Array, name: string): StopReply {
  const text = toText(reply);
  if (isStopReply(text)) return parseStopReply(text);
  if (text === '') throw new GdbError('unsupported', `${name}: the target does not know this way to resume. Ask for what it knows with vCont?`);
  const code = parseErrorReply(reply)?.code;
  throw new GdbError('target', `${name}: the target answers ${text} and does not resume. Check thread and address`, code);
}

/** A packet as messages show it: its text up to the first byte that is not printable. */
function describe(payload: Payload): string {
  const text = typeof payload === 'string' ? payload : toText(payload.subarray(0, 40));
  return /^[ -~]{0,40}/.exec(text)?.[0] ?? '';
}
