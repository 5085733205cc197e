/** Random conversations with the arm64 hypervisor. */
import fc from 'fast-check';
import { conversationOf, converse } from '../src/test/random-calls.ts';
import type { RandomWorld } from '../src/test/random-calls.ts';
import { arm64Host, code } from './arm64.ts';

const ROOM = 4096;
/** Guests that do a bit of everything: an MMIO write and read, a trapped register, WFI, a call of PSCI, round and round. */
const LOOP = `
  mov x1, #0x9000000
again:
  str w0, [x1]
  ldr w0, [x1, #24]
  mrs x2, ctr_el0
  mov x0, #0x84000000
  hvc #0
  wfi
  b again`;

export interface RandomRun {
  readonly runs: number;
  readonly steps: number;
  /** Whether a refused call is looked at for changes: that takes most of the time. */
  readonly hash: boolean;
}

/** Throws with the shortest conversation that goes wrong. Returns how often each result was seen. */
export function randomConversations({ runs, steps, hash }: RandomRun): ReadonlyMap<number, number> {
  const host = arm64Host();
  const program = code(LOOP, 0n);
  const registers = [0x6030_0000_0010_0000n, 0x6030_0000_0010_0040n, 0x6030_0000_0010_0042n, 0x6040_0000_0010_0054n, 0x6030_0000_0013_c080n, 0x6030_0000_0014_0000n, 0x6030_0000_0013_df1an, 0x6020_0000_0011_0000n];
  const world: RandomWorld = { ram: host.ram, room: 0x7f00_0000_0000n, registers, deviceTypes: [5, 5, 7, 99] };
  const seen = new Map<number, number>();
  fc.assert(fc.property(conversationOf(world, steps), (conversation) => {
    const { device, memory } = host.program({ slice: 500 });
    const room = memory.allocate(ROOM);
    // Where pointers lead: addresses of a controller, an interrupt's number.
    memory.write(room, Uint8Array.of(0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 1, 8, 0, 0, 0, 0, 23));
    memory.write(host.ram, program);
    device.open('/dev/kvm');
    for (const result of converse({ device, memory, room, roomSize: ROOM }, conversation, { hash })) {
      const key = Math.min(result, 1);
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }), { numRuns: runs });
  return seen;
}
