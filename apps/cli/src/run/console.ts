import type { ReadStream } from 'node:tty';
import { ESCAPE_HELP, EscapeFilter } from './escape.ts';

export interface ConsoleInput {
  /** Bytes for the guest. Gives how many it has not taken yet. */
  readonly send: (bytes: Uint8Array) => Promise<number>;
  readonly end: () => void;
  readonly quit: () => void;
}

/** The guest's console at this process's standard input. */
export interface Console extends Disposable {
  /** Told from time to time how many bytes the guest has not taken: a file or pipe is read no faster than that. */
  untaken(bytes: number): void;
}

/** Bytes kept for the guest before a file or pipe is asked for more. */
const ENOUGH = 65_536;

/**
 * Connects standard input. A terminal goes to raw mode, with Ctrl-a as the escape, and comes back when this is disposed of or the
 * process ends by itself or by SIGTERM or SIGHUP. Anything else is fed as it is until its end.
 */
export function openConsole({ send, end, quit }: ConsoleInput, stdin: ReadStream | NodeJS.ReadStream = process.stdin): Console {
  const terminal = stdin.isTTY;
  const escape = new EscapeFilter();
  const restore = (): void => { if (terminal) stdin.setRawMode(false); };
  const leave = (signal: NodeJS.Signals): void => {
    restore();
    process.kill(process.pid, signal);
  };
  const onData = (chunk: Uint8Array): void => {
    const { bytes, actions } = terminal ? escape.feed(chunk) : { bytes: chunk, actions: [] };
    for (const action of actions) {
      if (action === 'quit') quit();
      else process.stderr.write(`\r\n${ESCAPE_HELP.join('\r\n')}\r\n`);
    }
    // The guest's queue takes a copy of what it is given piece by piece.
    for (let at = 0; at < bytes.length; at += ENOUGH) {
      void send(bytes.subarray(at, at + ENOUGH)).then((left) => { if (left > ENOUGH) stdin.pause(); });
    }
  };
  const signals = ['SIGTERM', 'SIGHUP'] as const;
  if (terminal) {
    stdin.setRawMode(true);
    process.once('exit', restore);
    for (const signal of signals) process.once(signal, leave);
  }
  stdin.on('data', onData);
  stdin.once('end', end);
  // A closed descriptor is an end of input.
  stdin.once('error', end);
  return {
    untaken: (bytes) => { if (bytes < ENOUGH / 2 && stdin.isPaused()) stdin.resume(); },
    [Symbol.dispose]: () => {
      stdin.off('data', onData);
      stdin.off('end', end);
      stdin.off('error', end);
      stdin.pause();
      // A pipe or terminal would keep the process; a file has nothing to let go.
      if (typeof stdin.unref === 'function') stdin.unref();
      if (!terminal) return;
      restore();
      process.off('exit', restore);
      for (const signal of signals) process.off(signal, leave);
    },
  };
}
