/** U-Boot's console under QEMU: the transcript that our machine's is compared with. */
import { spawn } from 'node:child_process';
import { fetchInput } from '../fetch-inputs.ts';
import { deterministicOptions, QEMU, type Machine } from './machine.ts';

/** Commands whose answers say most about the machine; `poweroff` behind them ends the run by PSCI. */
export const UBOOT_COMMANDS: readonly string[] = ['version', 'bdinfo', 'flinfo'];

/** One command and what came before the next prompt, both normalised. */
export interface Answer {
  readonly command: string;
  readonly output: string;
}

/** A console session. */
export interface Transcript {
  /** Everything up to the first prompt, normalised. */
  readonly banner: string;
  readonly answers: readonly Answer[];
  /** Every character the guest sent (Latin-1), as it came. */
  readonly raw: string;
}

/**
 * What two consoles may differ in without the machines being different:
 * 1. Carriage returns go: U-Boot sends CR LF, and CR alone where it redraws a line.
 * 2. A character that a backspace takes back goes with it, as does the erase sequence BS SPACE BS: the countdown redraws its digit,
 *    and how often depends on when the key arrives.
 * 3. Blanks at the end of a line go: the terminal does not show them, and the erased digit leaves some.
 * 4. The countdown's digit becomes N: it depends on when the key arrives, too.
 * 5. Blank lines at the beginning and the end go.
 * Nothing else is touched: addresses, sizes, versions and counts must be equal.
 */
export function normaliseConsole(text: string): string {
  let plain = text.replaceAll('\r', '');
  // Each round takes back one more character of a run of backspaces.
  for (let before = ''; before !== plain;) {
    before = plain;
    plain = plain.replace(/[^\b\n]\x08/g, '');
  }
  return plain
    .replaceAll('\x08', '')
    .replace(/(stop autoboot:\s+)\d+/g, '$1N')
    .replace(/[ \t]+$/gm, '')
    .replace(/^\n+|\n+$/g, '');
}

/** Cuts a raw console at its prompts (`=> `). The echo of the command is the first line of its piece and goes. */
export function splitTranscript(raw: string, commands: readonly string[]): Transcript {
  const pieces = raw.split(/^=> /m);
  const answers = commands.flatMap((command, index) => {
    const piece = pieces[index + 1];
    if (piece === undefined) return [];
    const output = normaliseConsole(piece).replace(new RegExp(`^${command.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\n?`), '');
    return [{ command, output: output.replace(/^\n+/, '') }];
  });
  return { banner: normaliseConsole(pieces[0]), answers, raw };
}

/**
 * Starts QEMU with U-Boot, stops the autoboot with a key, gives it the commands one at each prompt and then `poweroff`.
 *
 * @param timeout milliseconds until the attempt is given up.
 * @throws Error with the console so far if a prompt does not come in time or QEMU fails.
 */
export function recordUbootConsole(
  machine: Machine = {}, commands: readonly string[] = UBOOT_COMMANDS, timeout = 60_000,
): Promise<Transcript> {
  const options = [...deterministicOptions(machine), '-serial', 'stdio', '-bios', fetchInput('u-boot-arm64.bin')];
  // With sleep=off virtual time runs through the countdown at once; typing needs time that passes as it does for a person.
  const icount = options.indexOf('-icount');
  options.splice(icount, 2);
  const waiting = [...commands, 'poweroff'];
  return new Promise((resolve, reject) => {
    const qemu = spawn(QEMU, options, { stdio: ['pipe', 'pipe', 'pipe'] });
    let raw = '';
    let complaints = '';
    let seen = 0;
    let stopped = false;
    const timer = setTimeout(() => {
      qemu.kill();
      reject(new Error(`U-Boot did not answer within ${timeout} ms; its console so far:\n${normaliseConsole(raw)}`));
    }, timeout);
    qemu.on('error', reject);
    qemu.stderr.on('data', (data: Buffer) => { complaints += data.toString(); });
    qemu.stdout.setEncoding('latin1').on('data', (data: string) => {
      raw += data;
      if (!stopped && raw.includes('stop autoboot')) {
        stopped = true;
        qemu.stdin.write(' ');
      }
      const prompt = raw.indexOf('=> ', seen);
      const command = prompt < 0 ? undefined : waiting.shift();
      if (command === undefined) return;
      seen = prompt + 3;
      qemu.stdin.write(`${command}\r`);
    });
    qemu.on('close', (status) => {
      clearTimeout(timer);
      if (status !== 0) reject(new Error(`${QEMU} ended with ${status}: ${complaints.trim()}`));
      else resolve(splitTranscript(raw, commands));
    });
  });
}
