/** What a user of this package did wrong, by kind; front ends switch on it, people read the message. */
export type MachineErrorCode =
  | 'overlap' | 'bad-range' | 'no-memory' | 'frozen' | 'duplicate-name' | 'unknown-name' | 'bad-state' | 'bad-version'
  | 'anonymous-event' | 'runaway-event' | 'bad-budget' | 'busy' | 'bad-tick' | 'not-plain';

/** The one error type of this package. The message names the value, the rule it breaks and the way out. */
export class MachineError extends Error {
  readonly code: MachineErrorCode;
  constructor(code: MachineErrorCode, message: string) {
    super(message);
    this.name = 'MachineError';
    this.code = code;
  }
}
