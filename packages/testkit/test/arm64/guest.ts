/** Small guests in assembly, built with the cross binutils and run on QEMU and on our machine: what each leaves in memory is compared. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CORTEX_A57, NEOVERSE_N1, X } from '@worldswitch/arm64';
import type { EngineKind } from '@worldswitch/engine';
import { elfSymbols, parseElf } from '@worldswitch/image';
import { deterministicOptions, QEMU, runDigested, runQemu, type DigestedRun } from '../../../../tooling/oracles/qemu/index.ts';
import { arm64Machine, type Arm64Machine } from './machine.ts';

/** What building and running guests takes; give it to `haveTools`. */
export const GUEST_TOOLS = ['aarch64-linux-gnu-as', 'aarch64-linux-gnu-ld', QEMU] as const;

const MODELS = { 'cortex-a57': CORTEX_A57, 'neoverse-n1': NEOVERSE_N1 } as const;
export type GuestCpu = keyof typeof MODELS;
/** Semihosting, A64: SYS_OPEN, SYS_WRITE, SYS_EXIT. */
const RESULT_FILE = 'results';
const LONGEST = 400_000_000;

/** Writes `results` to the end of `x21` into a file, on a host that has files, and ends the run. */
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

/** A guest that starts at `_start` (EL2), appends 64-bit words at x21, from \`results\` on, and ends by a branch to `finish`. */
export class Guest {
  readonly elf: Uint8Array;
  readonly #results: bigint;
  readonly #symbols: ReadonlyMap<string, bigint>;

  /** @throws Error with the assembler's messages. `bytes` is how much room `results` needs. */
  constructor(source: string, bytes: number) {
    const folder = mkdtempSync(join(tmpdir(), 'worldswitch-guest-'));
    try {
      const [text, script, object, elf] = ['guest.s', 'guest.ld', 'guest.o', 'guest.elf'].map((name) => join(folder, name));
      writeFileSync(script, 'ENTRY(_start) SECTIONS { . = 0x40100000; .guest : { *(.guest) } .bss : { *(.bss) } }');
      writeFileSync(text, `.arch armv8.2-a+profile\n.section .guest, "awx"\n.global _start\n.global results\n${source}\n${FINISH}\n.bss\n.balign 4096\nresults: .skip ${bytes}\n`);
      execFileSync('aarch64-linux-gnu-as', ['-o', object, text]);
      execFileSync('aarch64-linux-gnu-ld', ['--no-warn-rwx-segments', '-T', script, '-o', elf, object]);
      this.elf = new Uint8Array(readFileSync(elf));
    } finally {
      rmSync(folder, { recursive: true });
    }
    this.#symbols = new Map(elfSymbols(parseElf(this.elf)).map(({ name, value }) => [name, value]));
    this.#results = this.symbol('results');
  }

  /** The address of a label. @throws RangeError if there is none. */
  symbol(name: string): bigint {
    const value = this.#symbols.get(name);
    if (value === undefined) throw new RangeError(`the guest has no symbol ${name}`);
    return value;
  }

  /** What it leaves on QEMU. */
  onQemu(cpu: GuestCpu): bigint[] {
    return this.#withFile((file, folder) => {
      const options = [...deterministicOptions({ cpu }), '-serial', 'null', '-semihosting-config', 'enable=on,target=native', '-kernel', file];
      runQemu(options, { cwd: folder });
      return words(new Uint8Array(readFileSync(join(folder, RESULT_FILE))));
    });
  }
  /** The digests of its program counters on QEMU, block by block. The run must be as long as that. */
  digestsOnQemu(cpu: GuestCpu, blocks: number, trace?: { readonly from: number; readonly to: number }): DigestedRun {
    return this.#withFile((file) => runDigested({ cpu, blocks, ...(trace !== undefined && { trace }) }, ['-kernel', file]));
  }
  /** A machine with it, at its first instruction. */
  machine(kind: EngineKind, cpu: GuestCpu, digest = false): Arm64Machine {
    return arm64Machine({ kind, model: MODELS[cpu], image: { kind: 'elf', elf: this.elf }, semihosting: true, digest });
  }
  /** What it leaves on our machine. @throws Error if it does not end. */
  onOurs(kind: EngineKind, cpu: GuestCpu): bigint[] {
    const machine = this.machine(kind, cpu);
    const stop = machine.run(LONGEST);
    if (stop.kind !== 'halted' || stop.why !== 'semihosting exit') throw new Error(`the guest ended with ${JSON.stringify(stop)} at ${machine.cpu.processor.core.pc.toString(16)}`);
    return this.resultsOf(machine);
  }
  resultsOf(machine: Arm64Machine): bigint[] {
    const end = machine.cpu.processor.core.state.get(X[21]);
    return words(machine.read(this.#results, Number(end - this.#results)) ?? new Uint8Array(0));
  }

  #withFile<T>(use: (file: string, folder: string) => T): T {
    const folder = mkdtempSync(join(tmpdir(), 'worldswitch-guest-'));
    try {
      const file = join(folder, 'guest.elf');
      writeFileSync(file, this.elf);
      return use(file, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

function words(bytes: Uint8Array): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length >> 3 }, (_, index) => view.getBigUint64(index * 8, true));
}
