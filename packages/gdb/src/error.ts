/** What went wrong between the two halves of a debugging connection. */
export type GdbErrorKind =
  | 'target' // the other side answered with an error (Enn, E.text)
  | 'unsupported' // the other side does not know the packet (empty reply), or did not offer the feature
  | 'protocol' // bytes that break the protocol's rules
  | 'timeout' // no answer within the time the caller allows
  | 'closed' // the connection has ended
  | 'state'; // the call does not fit the moment: the target is running, or a name is unknown

/** The error of this package: `message` names the value, the rule and the way out. */
export class GdbError extends Error {
  override readonly name = 'GdbError';
  readonly kind: GdbErrorKind;
  /** The number of an `Enn` reply. */
  readonly code?: number;

  constructor(kind: GdbErrorKind, message: string, code?: number) {
    super(message);
    this.kind = kind;
    if (code !== undefined) this.code = code;
  }
}

/** A violation of the protocol: what was received, and the rule it breaks. */
export function protocolError(received: string, rule: string): GdbError {
  const shown = received.length > 80 ? `${received.slice(0, 77)}...` : received;
  return new GdbError('protocol', `received ${JSON.stringify(shown)}: ${rule}. Check that the other side is a GDB remote stub and the link loses no bytes`);
}
