/** What a user of a debugger did wrong, by kind. */
export type DebuggerErrorCode =
  | 'unaligned' // a breakpoint between two instructions
  | 'bad-range' // an address or a length that no access can touch
  | 'no-slots' // the hardware has no register left; KVM's ENOBUFS
  | 'unknown-stop'
  | 'unknown-symbol'
  | 'bad-address' // a text that is no address
  | 'bad-count';

/** The parts of a {@link DebuggerError}: the value, the rule that it breaks, the way out. */
export interface DebuggerFault {
  readonly code: DebuggerErrorCode;
  readonly value: string;
  readonly rule: string;
  readonly remedy: string;
}

/** A refused request. Nothing has changed. */
export class DebuggerError extends Error implements DebuggerFault {
  override readonly name = 'DebuggerError';
  readonly code: DebuggerErrorCode;
  readonly value: string;
  readonly rule: string;
  readonly remedy: string;

  constructor({ code, value, rule, remedy }: DebuggerFault) {
    super(`${value}: ${rule}; ${remedy}`);
    this.code = code;
    this.value = value;
    this.rule = rule;
    this.remedy = remedy;
  }
}
