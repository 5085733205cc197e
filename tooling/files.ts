import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository, absolute, without a slash at the end. */
export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

const generated = new Set(['node_modules', 'dist', '.turbo', '.cache', 'coverage']);

/**
 * Files below `root/folder` whose base name passes, as paths from `root` with forward slashes, in a fixed order. Folders
 * that tools generate are left out.
 */
export function listFiles(root: string, folder: string, passes: (baseName: string) => boolean): string[] {
  const at = `${root}/${folder}`;
  if (!existsSync(at)) return [];
  const entries = readdirSync(at, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return generated.has(entry.name) ? [] : listFiles(root, path, passes);
    return passes(entry.name) ? [path] : [];
  });
}
