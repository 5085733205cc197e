/**
 * Which external programs a test may use. Suites against QEMU, GNU binutils, gdb or a browser call {@link haveTools} and
 * skip themselves without them: the project tests itself with Node and npm alone, the oracles are an addition.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;

/** True if `name` (a bare program name) is an executable file in one of the folders of `path`. */
export function onPath(name: string, path: string = process.env['PATH'] ?? ''): boolean {
  return path.split(delimiter).some((folder) => {
    if (folder === '') return false;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Says whether all programs are on the PATH. If not, it prints one red line that names them and the way to install them, so that a
 * skipped suite is never silent.
 *
 * @throws Error if something is missing and the environment has `CI=true`: a build server must run the oracles, not skip them.
 */
export function haveTools(...names: readonly string[]): boolean {
  const missing = names.filter((name) => !onPath(name));
  if (missing.length === 0) return true;
  const message = `oracle skipped: ${missing.join(', ')} not on the PATH; install with \`pnpm oracles\` (Debian, root)`;
  if (process.env['CI'] === 'true') throw new Error(`CI=true but ${message}`);
  process.stderr.write(`${red(message)}\n`);
  return false;
}
