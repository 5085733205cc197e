import { DebuggerError, nearest } from '@worldswitch/debugger';
import { KvmError } from '@worldswitch/hypervisor';
import { ImageError } from '@worldswitch/image';
import { MachineError } from '@worldswitch/machine';

/** Who refused a command. `session`: this package or a plugin; the others: the part of that name. */
export type SessionErrorSource = 'session' | 'image' | 'machine' | 'hypervisor' | 'debugger';

/** What is wrong with a command, as plain data. `errno` is the kernel's, where KVM would give one. */
export interface SessionFault {
  readonly source: SessionErrorSource;
  readonly code: string;
  readonly message: string;
  readonly errno?: string;
}

/** A command that was refused because of what the user asked; nothing has changed. The message names the value, the rule and the way out. */
export class SessionError extends Error implements SessionFault {
  override readonly name = 'SessionError';
  readonly source: SessionErrorSource;
  readonly code: string;
  readonly errno?: string;

  constructor(fault: SessionFault) {
    super(fault.message);
    this.source = fault.source;
    this.code = fault.code;
    if (fault.errno !== undefined) this.errno = fault.errno;
  }

  /** The same as plain data, for a reply that leaves the thread. */
  toFault(): SessionFault {
    const { source, code, message, errno } = this;
    return { source, code, message, ...(errno !== undefined && { errno }) };
  }
}

/** A refusal of this package or a plugin. */
export function refuse(code: string, message: string): SessionError {
  return new SessionError({ source: 'session', code, message });
}

/** A value that is not one of those allowed, with the ones that look like it. */
export function unknownValue(code: string, what: string, value: string, known: readonly string[]): SessionError {
  const close = nearest(value, known, 3);
  const all = known.length === 0 ? 'there are none' : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`;
  return refuse(code, `unknown ${what} '${value}'${close.length > 0 ? `; did you mean ${close.join(' or ')}?` : ''}${close.length > 0 && known.length > 12 ? '' : ` (${all})`}`);
}

/** The errors that name a user's mistake, of whatever part, as one type; undefined for anything else, which is a fault of the program. */
export function userError(error: unknown): SessionError | undefined {
  if (error instanceof SessionError) return error;
  if (error instanceof ImageError) return new SessionError({ source: 'image', code: error.code, message: error.message });
  if (error instanceof MachineError) return new SessionError({ source: 'machine', code: error.code, message: error.message });
  if (error instanceof KvmError) return new SessionError({ source: 'hypervisor', code: error.errno, message: error.message, errno: error.errno });
  if (error instanceof DebuggerError) {
    return new SessionError({ source: 'debugger', code: error.code, message: error.message, ...(error.code === 'no-slots' && { errno: 'ENOBUFS' }) });
  }
  return undefined;
}
