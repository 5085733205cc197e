/** The QEMU machine that stands on the other side of every comparison, and how it is run so that each run is the same. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchInput } from '../fetch-inputs.ts';
import { cacheFolder, root } from '../paths.ts';
import { parseBlocks, parseTrace, type Block, type TraceRow } from './digest.ts';

/** Which `virt` machine. The defaults are those of the published digests: a Cortex-A57 at EL2 with a GICv2 and 256 MiB. */
export interface Machine {
  readonly cpu?: 'cortex-a57' | 'neoverse-n1' | 'max';
  readonly gic?: 2 | 3;
  /** True: the machine has EL2 and starts there. */
  readonly el2?: boolean;
  readonly memoryMiB?: number;
}

/** The program of the oracles; give it to `haveTools`. */
export const QEMU = 'qemu-system-aarch64';

/** The `-M` value of a machine. The random seeds that QEMU would put into the device tree are left out. */
export function machineOption({ gic = 2, el2 = true }: Machine): string {
  return `virt,gic-version=${gic},dtb-randomness=off${el2 ? ',virtualization=on' : ''}`;
}

/**
 * The options that make two runs equal: one processor, one host thread, one tick of the 62.5 MHz counter per instruction without
 * sleeping, a fixed seed, a fixed clock that follows virtual time, no network, no default devices.
 */
export function deterministicOptions(machine: Machine): readonly string[] {
  const { cpu = 'cortex-a57', memoryMiB = 256 } = machine;
  return [
    '-M', machineOption(machine), '-cpu', cpu, '-m', `${memoryMiB}`, '-smp', '1', '-accel', 'tcg,thread=single',
    '-icount', 'shift=4,sleep=off', '-seed', '1', '-rtc', 'base=2026-01-01,clock=vm',
    '-nodefaults', '-display', 'none', '-monitor', 'none', '-no-reboot',
  ];
}

/** Runs QEMU to its end, with `input` for its standard input. @throws Error with what it printed, if its exit status is not 0 or the time (milliseconds) is over. */
export function runQemu(options: readonly string[], { cwd = root, timeout = 120_000, input = '' } = {}): { readonly stdout: Buffer } {
  const settings = { cwd, timeout, maxBuffer: 2 ** 28, input, stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };
  const { status, signal, error, stdout, stderr } = spawnSync(QEMU, options, settings);
  if (error !== undefined) throw new Error(`${QEMU} could not run: ${error.message}`);
  if (status !== 0) throw new Error(`${QEMU} ended with ${status ?? signal}: ${stderr.toString().trim()}`);
  return { stdout };
}

/** Builds the plugin of pcdigest.c into the cache if it is older than its source, and returns its path. Needs `gcc`. */
export function digestPlugin(): string {
  const source = join(root, 'tooling/oracles/qemu/pcdigest.c');
  const target = join(cacheFolder('oracles'), 'libpcdigest.so');
  if (existsSync(target) && statSync(target).mtimeMs > statSync(source).mtimeMs) return target;
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', '-fvisibility=hidden'];
  const { status, stderr } = spawnSync('gcc', [...flags, source, '-o', target], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`gcc could not build ${source}: ${stderr}`);
  return target;
}

/** What a digested run gave. */
export interface DigestedRun {
  readonly digests: readonly Block[];
  /** The instructions of the window that was asked for; empty without one. */
  readonly trace: readonly TraceRow[];
}

/** Which part of a run to look at. */
export interface Window extends Machine {
  /** The run ends after that many blocks. */
  readonly blocks: number;
  /** Instructions in a block. */
  readonly every?: number;
  /** Also list the instructions `from <= n < to`, counted from 0. */
  readonly trace?: { readonly from: number; readonly to: number };
}

/** Runs any guest under the plugin; `load` holds the options that put it into the machine. */
export function runDigested(window: Window, load: readonly string[]): DigestedRun {
  const { blocks, every = 65536, trace } = window;
  const folder = mkdtempSync(join(tmpdir(), 'worldswitch-digest-'));
  try {
    const [out, traceFile] = [join(folder, 'digests'), join(folder, 'trace')];
    let plugin = `${digestPlugin()},out=${out},every=${every},limit=${blocks}`;
    if (trace !== undefined) plugin += `,trace=${traceFile},from=${trace.from},to=${trace.to}`;
    runQemu([...deterministicOptions(window), '-serial', 'null', ...load, '-plugin', plugin]);
    return {
      digests: parseBlocks(readFileSync(out, 'utf8')),
      trace: trace === undefined ? [] : parseTrace(readFileSync(traceFile, 'utf8')),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs Debian's U-Boot from reset, no key pressed, and digests its program counters. 1,400 blocks of 65,536 (91.8 million
 * instructions, the end of the autoboot countdown) take under a second.
 */
export function runUboot(window: Window): DigestedRun {
  return runDigested(window, ['-bios', fetchInput('u-boot-arm64.bin')]);
}

/**
 * The device tree blob that the machine hands to what it starts. The command line is that of the deterministic run.
 *
 * @param firmware path of the `-bios` file, if there is one: then the power button is ACPI's, and PL061 and gpio-keys are not in the tree.
 */
export function dumpDeviceTree(machine: Machine = {}, firmware?: string): Uint8Array {
  return fromFile((file) => {
    const [option, value, ...others] = deterministicOptions(machine);
    runQemu([option, `${value},dumpdtb=${file}`, ...others, '-serial', 'null', ...(firmware === undefined ? [] : ['-bios', firmware])]);
  });
}

/** Physical memory before the first instruction, with a `-bios` file. */
export function initialMemory(address: bigint, size: number, firmware: string, machine: Machine = {}): Uint8Array {
  return fromFile((file) => {
    const options = deterministicOptions(machine).map((option, index, all) => (all[index - 1] === '-monitor' ? 'stdio' : option));
    const input = `pmemsave 0x${address.toString(16)} ${size} "${file}"\nquit\n`;
    runQemu([...options, '-S', '-serial', 'null', '-bios', firmware], { input });
  });
}

/** The bytes of a file that `make` has written. */
function fromFile(make: (file: string) => void): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'worldswitch-qemu-'));
  try {
    const file = join(folder, 'file');
    make(file);
    return new Uint8Array(readFileSync(file));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
