import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRNO } from '../abi/index.ts';
import { conversationOf, converse } from '../test/random-calls.ts';
import type { RandomBench, RandomWorld } from '../test/random-calls.ts';
import { REGISTERS } from '../test/model.ts';
import type { ModelDebugExit, ModelHypervisor } from '../test/model.ts';
import { RAM, program } from '../test/program.ts';
import type { KvmDevice } from './index.ts';

const ROOM = 4096;
const world: RandomWorld = { ram: RAM, room: 0x7f00_0000_0000n, registers: REGISTERS, deviceTypes: [5, 5, 7, 99] };
const exits = [
  { kind: 'mmio', address: 0x900_0000n, length: 4, write: true, data: new Uint8Array(4) }, { kind: 'mmio', address: 0x900_0000n, length: 8, write: false, data: new Uint8Array(8) },
  { kind: 'idle' }, { kind: 'interrupted', because: 'budget' }, { kind: 'system-event', event: 'reset', flags: 0n }, { kind: 'debug', pc: 0n, arch: { code: 1 } },
] as const;

let n = 0;
/** A program of its own for each conversation; what guests do goes round. */
function bench(): RandomBench<KvmDevice<ModelDebugExit>> & { readonly host: ModelHypervisor } {
  const { device, memory, host } = program();
  host.script = () => structuredClone(exits[n++ % exits.length]);
  return { device, memory, room: memory.allocate(ROOM), roomSize: ROOM, host };
}

describe('random conversations on the model', () => {
  it('refused calls change nothing, nothing throws, nothing is left', () => {
    const seen = new Set<number>();
    fc.assert(fc.property(conversationOf(world, 30), (steps) => {
      const made = bench();
      for (const result of converse(made, steps, { hash: true })) seen.add(Math.min(result, 1));
      expect(made.host.alive).toBe(0);
    }), { numRuns: 100 });
    // They are no monologue: calls succeed, and are refused for many reasons.
    expect([...seen].filter((result) => result >= 0)).toHaveLength(2);
    for (const errno of ['EINVAL', 'EFAULT', 'EBADF', 'ENOENT', 'ENXIO', 'EEXIST', 'ENOEXEC', 'ENODEV', 'EINTR'] as const) expect(seen, errno).toContain(-ERRNO[errno]);
  });
});
