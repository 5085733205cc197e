import { SessionError, userError } from '@worldswitch/session';

/** What the command's exit status says. */
export const EXIT = { ok: 0, guestFailed: 1, userError: 2, interrupted: 130, internal: 70 } as const;

/** A mistake on the command line or in a file that it names; nothing has been done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Says what went wrong on stderr, and gives the exit status. A fault of the program itself keeps its stack, for the report. */
export function reportError(error: unknown, json: boolean): number {
  const mistake = error instanceof UsageError ? error : userError(error);
  if (mistake === undefined) {
    process.stderr.write(`worldswitch: a fault of worldswitch itself, please report it: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    return EXIT.internal;
  }
  if (json) {
    const details = mistake instanceof SessionError ? mistake.toFault() : { source: 'command-line', code: 'usage', message: mistake.message };
    process.stdout.write(`${JSON.stringify({ event: 'error', ...details })}\n`);
  }
  process.stderr.write(`worldswitch: ${mistake.message}\n`);
  return EXIT.userError;
}
