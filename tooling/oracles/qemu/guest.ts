/** Small guests in assembly: built with the cross binutils, run on QEMU to their end; what they leave in memory is the answer. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elfSymbols, parseElf } from '@worldswitch/image';
import { deterministicOptions, QEMU, runDigested, runQemu, type DigestedRun, type Machine, type Window } from './machine.ts';

const AS = 'aarch64-linux-gnu-as';
const LD = 'aarch64-linux-gnu-ld';

/** What building and running guests takes; give it to `haveTools`. */
export const GUEST_TOOLS = [AS, LD, QEMU] as const;

/** A guest as source. */
export interface GuestSource {
  /** GNU as. Begins at `_start`, at EL2; appends 64-bit words at x21, from `results` on; ends by a branch to `finish`. */
  readonly text: string;
  /** How much room `results` needs. */
  readonly bytes: number;
  /** Files for `.incbin`, by name. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

/** All of it in one section that is loaded, but for the results. */
const LINKER_SCRIPT = 'ENTRY(_start) SECTIONS { . = 0x40100000; .guest : { *(.guest) } .bss : { *(.bss) } }';
const RESULT_FILE = 'results';

/** Semihosting for A64 (SYS_OPEN 1, SYS_WRITE 5, SYS_EXIT 0x18): `results` up to x21 goes into a file on a host that has files, then the run ends. */
const FINISH = `
finish:
  adr x1, finish_open
  mov w0, #1
  hlt #0xf000
  adr x1, finish_block
  str x0, [x1]
  ldr x2, =results
  sub x3, x21, x2
  stp x2, x3, [x1, #8]
  mov w0, #5
  hlt #0xf000
  adr x1, finish_exit
  mov w0, #0x18
  hlt #0xf000
  b .
.ltorg
.balign 8
finish_open: .quad finish_name, 5, ${RESULT_FILE.length}
finish_block: .quad 0, 0, 0
finish_exit: .quad 0x20026, 0
finish_name: .asciz "${RESULT_FILE}"
.balign 8
`;

/** A built guest. */
export class AssembledGuest {
  readonly elf: Uint8Array;
  readonly #symbols: ReadonlyMap<string, bigint>;

  /** @throws Error with the messages of the assembler or the linker. */
  constructor({ text, bytes, files = {} }: GuestSource) {
    this.elf = inFolder((folder) => {
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
      writeFileSync(join(folder, 'guest.ld'), LINKER_SCRIPT);
      const head = '.arch armv8.2-a+profile\n.section .guest, "awx"\n.global _start\n.global results\n';
      writeFileSync(join(folder, 'guest.s'), `${head}${text}\n${FINISH}\n.bss\n.balign 4096\nresults: .skip ${bytes}\n`);
      build(AS, ['-o', 'guest.o', 'guest.s'], folder);
      build(LD, ['--no-warn-rwx-segments', '-T', 'guest.ld', '-o', 'guest.elf', 'guest.o'], folder);
      return new Uint8Array(readFileSync(join(folder, 'guest.elf')));
    });
    this.#symbols = new Map(elfSymbols(parseElf(this.elf)).map(({ name, value }) => [name, value]));
  }

  /** The address of a label. @throws RangeError if there is none. */
  symbol(name: string): bigint {
    const value = this.#symbols.get(name);
    if (value === undefined) throw new RangeError(`the guest has no symbol ${name}`);
    return value;
  }

  /** The words it leaves on QEMU. @throws what `runQemu` throws; `timeout` in milliseconds. */
  run(machine: Machine = {}, timeout?: number): bigint[] {
    return this.#withFile((file, folder) => {
      const options = [...deterministicOptions(machine), '-serial', 'null', '-semihosting-config', 'enable=on,target=native', '-kernel', file];
      runQemu(options, { cwd: folder, ...(timeout !== undefined && { timeout }) });
      return wordsOf(new Uint8Array(readFileSync(join(folder, RESULT_FILE))));
    });
  }

  /** The digests of its program counters on QEMU, block by block. The run must be as long as that. */
  digests(window: Window): DigestedRun {
    return this.#withFile((file) => runDigested(window, ['-kernel', file]));
  }

  #withFile<T>(use: (file: string, folder: string) => T): T {
    return inFolder((folder) => {
      const file = join(folder, 'guest.elf');
      writeFileSync(file, this.elf);
      return use(file, folder);
    });
  }
}

/** 64-bit words of little-endian bytes. */
export function wordsOf(bytes: Uint8Array): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length >> 3 }, (_, index) => view.getBigUint64(index * 8, true));
}

function build(program: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${program} could not run: ${error.message}; \`pnpm oracles\` installs it`);
  if (status !== 0) throw new Error(`${program} could not build the guest: ${stderr}`);
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'worldswitch-guest-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
