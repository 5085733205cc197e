/** Small guests in assembly on QEMU and on our machine: what each leaves in memory is compared. */
import { CORTEX_A57, NEOVERSE_N1, X } from '@worldswitch/arm64';
import type { EngineKind } from '@worldswitch/engine';
import { AssembledGuest, wordsOf, type DigestedRun } from '../../../../tooling/oracles/qemu/index.ts';
import { arm64Machine, type Arm64Machine } from './machine.ts';

export { GUEST_TOOLS } from '../../../../tooling/oracles/qemu/index.ts';

const MODELS = { 'cortex-a57': CORTEX_A57, 'neoverse-n1': NEOVERSE_N1 } as const;
export type GuestCpu = keyof typeof MODELS;
/** Different recordings of one run that are put up with. */
const RECORDINGS = 2;
const LONGEST = 400_000_000;

/** A guest that starts at `_start` (EL2), appends 64-bit words at x21, from `results` on, and ends by a branch to `finish`. */
export class Guest {
  readonly #built: AssembledGuest;
  readonly #gic: 2 | 3;

  /** @throws Error with the assembler's messages. `bytes` is how much room `results` needs, `gic` the version of the machines' interrupt controller. */
  constructor(text: string, bytes: number, { gic = 2 }: { readonly gic?: 2 | 3 } = {}) {
    this.#gic = gic;
    this.#built = new AssembledGuest({ text, bytes });
  }

  get elf(): Uint8Array {
    return this.#built.elf;
  }
  /** The address of a label. @throws RangeError if there is none. */
  symbol(name: string): bigint {
    return this.#built.symbol(name);
  }

  /** What it leaves on QEMU. */
  onQemu(cpu: GuestCpu): bigint[] {
    return this.#built.run({ cpu, gic: this.#gic });
  }
  /**
   * The same of a run that looks at the clock or takes interrupts: recorded until two runs agree, since under load one in hundreds has been
   * seen to take an interrupt an instruction off. @throws Error if they do not.
   */
  recordingOnQemu(cpu: GuestCpu): readonly bigint[] {
    const seen = new Set<string>();
    while (seen.size <= RECORDINGS) {
      const words = this.onQemu(cpu);
      const text = words.join();
      if (seen.has(text)) return words;
      seen.add(text);
    }
    throw new Error(`QEMU gave ${seen.size} different recordings of one deterministic run; something else is wrong`);
  }
  /** The digests of its program counters on QEMU, block by block. The run must be as long as that. */
  digestsOnQemu(cpu: GuestCpu, blocks: number, trace?: { readonly from: number; readonly to: number }): DigestedRun {
    return this.#built.digests({ cpu, gic: this.#gic, blocks, ...(trace !== undefined && { trace }) });
  }
  /** A machine with it, at its first instruction. */
  machine(kind: EngineKind, cpu: GuestCpu, digest = false, sync: 'early' | 'late' = 'early'): Arm64Machine {
    return arm64Machine({ kind, model: MODELS[cpu], gic: this.#gic, image: { kind: 'elf', elf: this.elf }, semihosting: true, digest, sync });
  }
  /** What it leaves on our machine. @throws Error if it does not end. */
  onOurs(kind: EngineKind, cpu: GuestCpu, sync: 'early' | 'late' = 'early'): bigint[] {
    const machine = this.machine(kind, cpu, false, sync);
    const stop = machine.run(LONGEST);
    if (stop.kind !== 'halted' || stop.why !== 'semihosting exit') throw new Error(`the guest ended with ${JSON.stringify(stop)} at ${machine.cpu.processor.core.pc.toString(16)}`);
    return this.resultsOf(machine);
  }
  resultsOf(machine: Arm64Machine): bigint[] {
    const results = this.symbol('results');
    const end = machine.cpu.processor.core.state.get(X[21]);
    return wordsOf(machine.read(results, Number(end - results)) ?? new Uint8Array(0));
  }
}

/** Where results part, with the words around; undefined where they are the same. */
export function firstDifference(ours: readonly bigint[], qemu: readonly bigint[]): string | undefined {
  const at = qemu.findIndex((word, index) => word !== ours[index]);
  if (at < 0) return ours.length === qemu.length ? undefined : `ours has ${ours.length} words, QEMU's ${qemu.length}`;
  const around = (words: readonly bigint[]): string => words.slice(Math.max(0, at - 3), at + 4).map((word) => word.toString(16)).join(' ');
  return `word ${at} of ${qemu.length}: ours ${around(ours)}, QEMU's ${around(qemu)}`;
}
