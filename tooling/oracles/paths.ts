/** Where the oracles keep what they fetch or build: `.cache` at the root of the checkout, ignored by git. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The folder `.cache/<parts>`, made if it is not there. */
export function cacheFolder(...parts: readonly string[]): string {
  const folder = join(root, '.cache', ...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}
