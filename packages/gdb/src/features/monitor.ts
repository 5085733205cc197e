import { decodeHexText, encodeHexText, toText } from '../codec/text.ts';
import { parseErrorReply } from '../codec/status.ts';

/** `qRcmd,` and the command: what gdb sends for `monitor COMMAND`. */
export function encodeMonitorCommand(command: string): string {
  return `qRcmd,${encodeHexText(command)}`;
}

/** The command of a qRcmd packet; undefined for another packet. */
export function parseMonitorCommand(text: string): string | undefined {
  return text.startsWith('qRcmd,') ? decodeHexText(text.slice(6)) : undefined;
}

/** Console output while a command or the target runs: `O` and hexadecimal text. */
export function encodeConsoleOutput(text: string): string {
  return `O${encodeHexText(text)}`;
}

/** The text of a console packet; undefined for another packet, `OK` included. */
export function parseConsoleOutput(reply: Uint8Array): string | undefined {
  const text = toText(reply);
  return /^O(?:[0-9a-fA-F]{2})+$/.test(text) ? decodeHexText(text.slice(1)) : undefined;
}

/** What one reply to qRcmd means: more follows (`O…`), done (`OK`, or final text in hexadecimal), or an error. */
export function parseMonitorReply(reply: Uint8Array): { readonly text: string; readonly done: boolean } | 'error' {
  const output = parseConsoleOutput(reply);
  if (output !== undefined) return { text: output, done: false };
  const text = toText(reply);
  if (text === 'OK') return { text: '', done: true };
  // Final text and an error of two digits can look alike only if the text had an odd number of digits.
  if (text === '' || parseErrorReply(reply) !== undefined) return 'error';
  return { text: decodeHexText(text), done: true };
}
