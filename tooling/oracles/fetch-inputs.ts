/**
 * Fetches the guest images of inputs.lock with apt into `.cache/inputs`.
 *
 *     npx tsx tooling/oracles/fetch-inputs.ts          what the tests need
 *     npx tsx tooling/oracles/fetch-inputs.ts --all    the kernel and busybox as well (about 60 MB)
 *     npx tsx tooling/oracles/fetch-inputs.ts --again  fetch even what is there
 *
 * `apt-get download` needs no root and works for packages of other architectures; where the machine's package lists do not have a
 * package, a private set of lists below `.cache/inputs/apt` is used, so that the machine's configuration stays untouched.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder, root } from './paths.ts';
import { onPath } from './require.ts';

/** One row of inputs.lock. */
export interface Input {
  /** File name in `.cache/inputs`. */
  readonly name: string;
  /** Debian package that holds it. */
  readonly package: string;
  /** Debian architecture of the package, if it is not that of the machine or `all`. */
  readonly architecture?: string;
  /** Regular expression for the dependency of `package` that holds the file, for packages that only name the current version. */
  readonly dependency?: string;
  /** Path inside the package without the leading `/`; `*` allowed. */
  readonly path: string;
  readonly version: string;
  readonly sha256: string;
  /** Fetched only if asked for by name or with `--all`. */
  readonly onRequest?: boolean;
}

const lock = JSON.parse(readFileSync(join(root, 'tooling/oracles/inputs.lock'), 'utf8')) as { readonly inputs: readonly Input[] };

/** All rows of inputs.lock. */
export const inputs: readonly Input[] = lock.inputs;

const run = (program: string, args: readonly string[], cwd?: string): { ok: boolean; stdout: Buffer; stderr: string } => {
  const done = spawnSync(program, args, { cwd, maxBuffer: 2 ** 28 });
  return { ok: done.status === 0, stdout: done.stdout, stderr: done.stderr.toString() };
};

/** Options that give apt its own lists, cache and state, with the machine's sources and one architecture more. */
function privateLists(): readonly string[] {
  const folder = cacheFolder('inputs', 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial', 'state']) mkdirSync(join(folder, part), { recursive: true });
  const status = join(folder, 'state/status');
  if (!existsSync(status)) copyFileSync('/var/lib/dpkg/status', status);
  const settings = [
    `Dir::State=${folder}/state`, `Dir::State::lists=${folder}/lists`, `Dir::State::status=${status}`, `Dir::Cache=${folder}/cache`,
    'APT::Architectures::=amd64', 'APT::Architectures::=arm64', 'APT::Sandbox::User=root',
  ];
  const options = settings.flatMap((setting) => ['-o', setting]);
  if (readdirSync(join(folder, 'lists')).length < 3) {
    const updated = run('apt-get', [...options, '-qq', 'update']);
    if (!updated.ok) throw new Error(`apt-get update into ${folder} failed: ${updated.stderr}`);
  }
  return options;
}

/** Downloads the package of `input` and returns the path of the .deb file. */
function download(input: Input): string {
  const packages = cacheFolder('inputs', 'packages');
  const attempt = (options: readonly string[]): string | undefined => {
    let name = input.package;
    const suffix = input.architecture === undefined ? '' : `:${input.architecture}`;
    if (input.dependency !== undefined) {
      const found = new RegExp(input.dependency).exec(run('apt-cache', [...options, 'depends', name + suffix]).stdout.toString());
      if (found === null) return undefined;
      name = found[0];
    }
    for (const old of readdirSync(packages)) if (old.startsWith(`${name}_`)) rmSync(join(packages, old));
    if (!run('apt-get', [...options, '-qq', 'download', name + suffix], packages).ok) return undefined;
    const file = readdirSync(packages).find((entry) => entry.startsWith(`${name}_`));
    return file === undefined ? undefined : join(packages, file);
  };
  const file = (input.architecture === undefined ? attempt([]) : undefined) ?? attempt(privateLists());
  if (file === undefined) {
    throw new Error(`${input.name}: package ${input.package} could not be downloaded; it is in Debian's main archive: check the apt sources`);
  }
  return file;
}

/**
 * Makes sure that `.cache/inputs/<name>` exists and returns its path.
 *
 * @param note receives a sentence if the file is not the one inputs.lock names.
 * @throws RangeError for a name that inputs.lock does not have; Error if the download fails.
 */
export function fetchInput(name: string, options: { readonly again?: boolean; readonly note?: (text: string) => void } = {}): string {
  const input = inputs.find((one) => one.name === name);
  if (input === undefined) throw new RangeError(`no input ${name} in inputs.lock: there are ${inputs.map((one) => one.name).join(', ')}`);
  const target = join(cacheFolder('inputs'), name);
  if (existsSync(target) && options.again !== true) return target;
  for (const tool of ['apt-get', 'dpkg-deb', 'tar']) {
    if (!onPath(tool)) throw new Error(`${name}: ${tool} is needed to fetch it from Debian; put the file at ${target} by hand instead`);
  }
  const deb = download(input);
  const tree = cacheFolder('inputs', 'unpacked');
  const members = run('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --wildcards "./$3"', 'sh', deb, tree, input.path]);
  const found = run('sh', ['-c', `cd "$1" && ls ./${input.path}`, 'sh', tree]).stdout.toString().trim().split('\n')[0];
  if (!members.ok || found === undefined || found === '') throw new Error(`${name}: ${input.path} is not in ${deb}: ${members.stderr}`);
  const bytes = readFileSync(join(tree, found));
  rmSync(tree, { recursive: true });
  writeFileSync(target, bytes);
  const sum = createHash('sha256').update(bytes).digest('hex');
  const version = run('dpkg-deb', ['-f', deb, 'Version']).stdout.toString().trim();
  if (sum !== input.sha256) {
    const seen = `${input.version}, ${input.sha256}`;
    options.note?.(`${name}: version ${version}, sha256 ${sum}; inputs.lock has seen ${seen}: accepted, comparisons are live`);
  }
  return target;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = process.argv.slice(2);
  const unknown = options.find((option) => option !== '--all' && option !== '--again');
  if (unknown !== undefined) {
    process.stderr.write(`fetch-inputs: unknown option ${unknown}: --all and --again exist\n`);
    process.exit(2);
  }
  for (const input of inputs) {
    if (input.onRequest === true && !options.includes('--all')) continue;
    const file = fetchInput(input.name, { again: options.includes('--again'), note: (text) => process.stdout.write(`note: ${text}\n`) });
    process.stdout.write(`${input.name}: ${file}\n`);
  }
}
