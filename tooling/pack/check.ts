/**
 * `check:packages` packs every public package and checks the tarballs, which is what users get: publint, "are the types
 * wrong", an installation of all of them into an empty folder, an import of every entry in Node, and a browser bundle.
 * Needs built packages and no network.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { listFiles, repositoryRoot } from '../files.ts';
import { consumerProblems, type Packed } from './consumer.ts';
import { packageManager, run } from './run.ts';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, unknown>> };
}

const work = `${repositoryRoot}/.cache/pack`;

function pack(folder: string, manifest: Manifest): Packed {
  const [command, ...prefix] = packageManager();
  const output = run(command, [...prefix, 'pack', '--json', '--pack-destination', work], `${repositoryRoot}/${folder}`);
  const { filename } = JSON.parse(output.slice(output.indexOf('{'))) as { filename: string };
  const entries = Object.keys(manifest.publishConfig?.exports ?? {}).filter((entry) => !entry.includes('*') && !entry.endsWith('.json'));
  return { name: manifest.name, tarball: filename, entries: entries.map((entry) => manifest.name + entry.slice(1)) };
}

async function publintProblems({ name, tarball }: Packed): Promise<string[]> {
  const content = readFileSync(tarball);
  const buffer = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, level: 'suggestion' });
  return messages.map((message) => `publint: ${name}: ${formatMessage(message, pkg) ?? message.code}`);
}

/** The packages are ESM only (docs/decisions/001), so only those resolution modes are asked for. */
function typeProblems({ name, tarball }: Packed): string[] {
  const attw = `${repositoryRoot}/node_modules/@arethetypeswrong/cli/dist/index.js`;
  const done = spawnSync(process.execPath, [attw, tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'], { encoding: 'utf8' });
  return done.status === 0 ? [] : [`attw: ${name}:\n${done.stdout}${done.stderr}`];
}

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const manifests = listFiles(repositoryRoot, 'packages', (name) => name === 'package.json').map((path) => ({
  folder: path.slice(0, path.lastIndexOf('/')),
  manifest: JSON.parse(readFileSync(`${repositoryRoot}/${path}`, 'utf8')) as Manifest,
}));
const packed = manifests.filter(({ manifest }) => manifest.private !== true).map(({ folder, manifest }) => pack(folder, manifest));

const problems = [...(await Promise.all(packed.map(publintProblems))).flat(), ...packed.flatMap(typeProblems), ...(await consumerProblems(packed))];
for (const problem of problems) console.error(problem);
console.log(`${String(packed.length)} packages packed, ${String(packed.flatMap((p) => p.entries).length)} entries imported, ${String(problems.length)} problems`);
if (problems.length > 0 || packed.length === 0) process.exitCode = 1;
