/**
 * Builds the guests with the cross compilers of Debian.
 *
 *     npx tsx guests/build.ts            build all and put each ELF beside its sources
 *     npx tsx guests/build.ts --check    build all and compare with the committed ELFs, change nothing
 *
 * A guest is a folder `guests/<architecture>/<name>` with C and assembly sources; `<name>.elf` in it is committed, so that examples and
 * tests need no compiler. `guests/<architecture>/common` holds what all share: crt0.S and the linker script.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** The compilers, and the flags that belong to the processor. Code must not depend on the folder it is built in, nor on the day. */
const toolchains = {
  arm64: { compiler: 'aarch64-linux-gnu-gcc', flags: ['-march=armv8-a', '-mgeneral-regs-only', '-mstrict-align', '-mno-outline-atomics'] },
} as const;

type Architecture = keyof typeof toolchains;

/** Common to all: freestanding, position fixed by the linker script, no stack protector, no identification of the compiler. */
const compile = [
  '-c', '-Os', '-std=c11', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-fno-builtin', '-fno-pic', '-fno-stack-protector',
  '-fno-ident', '-fno-asynchronous-unwind-tables',
];
const link = ['-nostdlib', '-static', '-no-pie', '-Wl,--build-id=none,-z,noexecstack,-z,max-page-size=4096,--no-warn-rwx-segments,--fatal-warnings'];

/** A guest program. */
export interface Guest {
  readonly architecture: Architecture;
  readonly name: string;
  /** Absolute path of the committed ELF. */
  readonly elf: string;
}

/** All guests, found by looking for folders. */
export function guests(): readonly Guest[] {
  return (Object.keys(toolchains) as Architecture[]).flatMap((architecture) =>
    readdirSync(join(here, architecture), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'common')
      .map(({ name }) => ({ architecture, name, elf: join(here, architecture, name, `${name}.elf`) })));
}

/** The compiler programs all guests together need; give them to `haveTools`. */
export function compilers(): readonly string[] {
  return Object.values(toolchains).map(({ compiler }) => compiler);
}

function compilerRun(compiler: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(compiler, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${compiler} could not run (${error.message}); install it with \`pnpm oracles\``);
  if (status !== 0) throw new Error(`${compiler} ${args.join(' ')} failed: ${stderr}`);
}

/** Builds one guest in `.cache/guests` and returns the bytes of its ELF file. @throws Error with the compiler's messages. */
export function buildGuest({ architecture, name }: Guest): Uint8Array {
  const { compiler, flags } = toolchains[architecture];
  const folder = join(here, architecture);
  const output = join(dirname(here), '.cache/guests', architecture, name);
  mkdirSync(output, { recursive: true });
  const own = readdirSync(join(folder, name)).filter((file) => /\.[cS]$/.test(file)).sort();
  const sources = ['common/crt0.S', ...own.map((file) => `${name}/${file}`)];
  const objects = sources.map((source) => {
    const object = join(output, `${basename(source)}.o`);
    compilerRun(compiler, [...flags, ...compile, source, '-o', object], folder);
    return object;
  });
  const elf = join(output, `${name}.elf`);
  compilerRun(compiler, [...flags, ...link, '-T', 'common/link.ld', ...objects, '-o', elf], folder);
  return new Uint8Array(readFileSync(elf));
}

/** True if the committed ELF of a guest is what its sources give. */
export function isCurrent(guest: Guest): boolean {
  return Buffer.from(buildGuest(guest)).equals(readFileSync(guest.elf));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [option, ...rest] = process.argv.slice(2);
  if (rest.length > 0 || (option !== undefined && option !== '--check')) {
    process.stderr.write('build: only --check is known\n');
    process.exit(2);
  }
  for (const guest of guests()) {
    if (option === undefined) writeFileSync(guest.elf, buildGuest(guest));
    else if (!isCurrent(guest)) {
      process.exitCode = 1;
      process.stderr.write(`${guest.elf} is not what its sources give: run \`npx tsx guests/build.ts\` (Debian 12's compiler) and commit\n`);
    }
    process.stdout.write(`${guest.architecture}/${guest.name}\n`);
  }
}
