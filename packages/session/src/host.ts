/** What a session needs of the program around it; it has no clock and no timers of its own. */
export interface SessionHost {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Resolves after about so many milliseconds, or earlier when `signal` says so; 0 lets everything else have a turn. */
  sleep(milliseconds: number): Promise<void>;
  readonly gunzip?: (bytes: Uint8Array, limit: number) => Uint8Array;
}
