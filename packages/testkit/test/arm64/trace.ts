/** Where two runs of the same guest part: the first instruction of a block that we execute elsewhere than QEMU did. */
import { A64, X } from '@worldswitch/arm64';
import { explainDifference, firstDifference, type Block, type DigestedRun, type TraceRow } from '../../../../tooling/oracles/qemu/index.ts';
import type { Arm64Machine } from './machine.ts';

/** Instructions of a block, the engine's and the plugin's. */
export const BLOCK = 65_536;
const SHOWN = 16;

/** Our digests in the form of the plugin's; it tells the last pc of a block, we do not. */
export function blocksOf({ engine }: Arm64Machine, expected: readonly Block[]): Block[] {
  return engine.cores[0].digest.blocks.map((digest, index) => ({
    block: index + 1, digest: digest.toString(16).padStart(16, '0'), lastPc: expected[index]?.lastPc ?? 0n,
  }));
}

/**
 * Compares a run with QEMU's, block by block.
 *
 * @param make the machine, digesting, from reset.
 * @param record QEMU's run, with a trace of a window where one is given.
 * @returns undefined if all blocks agree; else a report with the instructions before the first that differs.
 */
export function compareRun(
  make: () => Arm64Machine, blocks: number, record: (trace?: { readonly from: number; readonly to: number }) => DigestedRun,
): string | undefined {
  const expected = record().digests;
  if (expected.length !== blocks) return `QEMU ran ${expected.length} blocks, not ${blocks}`;
  const machine = make();
  const stop = machine.run(blocks * BLOCK);
  const actual = blocksOf(machine, expected);
  const difference = firstDifference(expected, actual);
  if (difference === undefined) return actual.length === blocks ? undefined : `we ran ${actual.length} blocks, not ${blocks}, and stopped: ${JSON.stringify(stop)}`;
  const from = (difference.block - 1) * BLOCK;
  const { trace } = record({ from, to: from + BLOCK });
  return `${explainDifference(difference)}\n${firstStray(make(), from, trace)}`;
}

/** Steps a machine through a traced window. */
export function firstStray(machine: Arm64Machine, from: number, trace: readonly TraceRow[]): string {
  const core = machine.engine.cores[0];
  machine.run(from);
  const lines: string[] = [];
  for (const { index, pc } of trace) {
    if (core.pc !== pc) {
      const registers = X.map((slot) => `${slot.name}=${core.state.get(slot).toString(16)}`).join(' ');
      return [`instruction ${index}: we are at ${core.pc.toString(16)}, QEMU at ${pc.toString(16)}`, ...lines.slice(-SHOWN), registers].join('\n');
    }
    const at = machine.cpu.translate(pc, 'execute');
    const word = at.kind === 'ok' ? machine.engine.wordAt(Number(at.physical)) : 0;
    lines.push(`${pc.toString(16)} ${A64.disassemble(word, { pc })}`);
    machine.run(1);
  }
  return 'in single steps both take the same path: run the window again with this engine kind and smaller budgets';
}
