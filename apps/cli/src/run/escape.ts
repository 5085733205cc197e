/** What the user asks of the terminal itself. */
export type EscapeAction = 'quit' | 'help';

export const ESCAPE_BYTE = 0x01;

export const ESCAPE_HELP = [
  'Ctrl-a x       end the run', 'Ctrl-a h       this help', 'Ctrl-a Ctrl-a  send Ctrl-a to the guest', 'Everything else goes to the guest, Ctrl-c too.',
] as const;

/**
 * Separates what is typed for the guest from commands for the terminal: Ctrl-a and a letter, as in QEMU's. Keeps a Ctrl-a whose
 * second key has not come yet.
 */
export class EscapeFilter {
  #pending = false;

  feed(typed: Uint8Array): { readonly bytes: Uint8Array; readonly actions: readonly EscapeAction[] } {
    const bytes: number[] = [];
    const actions: EscapeAction[] = [];
    for (const byte of typed) {
      if (!this.#pending) {
        if (byte === ESCAPE_BYTE) this.#pending = true;
        else bytes.push(byte);
        continue;
      }
      this.#pending = false;
      const key = String.fromCharCode(byte).toLowerCase();
      if (byte === ESCAPE_BYTE) bytes.push(ESCAPE_BYTE);
      else if (key === 'x') actions.push('quit');
      else actions.push('help');
    }
    return { bytes: Uint8Array.from(bytes), actions };
  }
}
