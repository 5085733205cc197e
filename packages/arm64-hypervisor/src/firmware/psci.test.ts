/** What PSCI has that no guest here can ask for: calls from AArch32, processors of several clusters (DEN 0022, DEN 0028). */
import { toResult } from '@worldswitch/arm64/firmware';
import { describe, expect, it } from 'vitest';
import { kvmPsci } from './psci.ts';
import type { PsciCpu, PsciMachine } from './psci.ts';
import { PSCI_VERSION } from './state.ts';

const CPU_ON_64 = 0xc400_0003n;
const AFFINITY_INFO_64 = 0xc400_0004n;
const FEATURES = 0x8400_000an;

/** Two clusters of two, of which the second, under another Aff3, is off. */
const CPUS: readonly PsciCpu[] = [
  { affinity: 0x00n, stopped: false }, { affinity: 0x01n, stopped: true }, { affinity: 0x1_0000_0100n, stopped: true }, { affinity: 0x1_0000_0101n, stopped: true },
];

function call(id: bigint, args: readonly [bigint, bigint, bigint], { aarch64 = true, ...over }: Partial<PsciMachine<PsciCpu>> & { readonly aarch64?: boolean } = {}): { readonly result: unknown; readonly started: readonly bigint[] } {
  const started: bigint[] = [];
  const machine: PsciMachine<PsciCpu> = {
    version: PSCI_VERSION.V1_1, systemSuspend: false, cpus: CPUS, on: ({ affinity }) => { started.push(affinity); }, ...over,
  };
  return { result: kvmPsci({ function: id, arguments: args, caller: { el: 1, aarch64 } }, machine), started };
}
const answer = (code: number): unknown => ({ effect: 'none', result: toResult(code) });

describe('PSCI', () => {
  it('has no 64-bit functions for AArch32, and says so', () => {
    expect(call(CPU_ON_64, [1n, 0n, 0n], { aarch64: false })).toEqual({ result: answer(-1), started: [] });
    expect(call(FEATURES, [CPU_ON_64, 0n, 0n], { aarch64: false }).result).toEqual(answer(-1));
    expect(call(FEATURES, [0x8400_0003n, 0n, 0n], { aarch64: false }).result).toEqual(answer(0));
  });
  it('finds processors by all four fields of their affinity', () => {
    expect(call(CPU_ON_64, [0x1_0000_0101n, 0n, 0n])).toEqual({ result: answer(0), started: [0x1_0000_0101n] });
    expect(call(CPU_ON_64, [0x101n, 0n, 0n])).toEqual({ result: answer(-2), started: [] });
  });
  it('asks for clusters, and clusters of clusters', () => {
    const info = (affinity: bigint, level: bigint): unknown => call(AFFINITY_INFO_64, [affinity, level, 0n]).result;
    expect([info(0n, 1n), info(0x1_0000_0100n, 1n), info(0x1_0000_0000n, 2n), info(0x1_0000_0000n, 3n), info(0n, 3n)]).toEqual([0, 1, 1, 1, 0].map(answer));
    expect([info(0x200n, 1n), info(0x2_0000_0000n, 3n), info(0n, 4n)]).toEqual([-2, -2, -2].map(answer));
  });
});
