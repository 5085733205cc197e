/** The committed guest that leaves in every way it can, with its own interrupts, under every state of the world switch. */
import { readFileSync } from 'node:fs';
import type { RevisionPair } from '@worldswitch/arm64-hypervisor';
import { elfSymbols, parseElf } from '@worldswitch/image';
import { describe, expect, it } from 'vitest';
import { guestMachine } from '../../src/test/guest-machine.ts';
import { OTHERS, REFERENCE, endingOf, type Ending } from './pairs.ts';

const elf = new Uint8Array(readFileSync(new URL('../../../../guests/arm64/exits/exits.elf', import.meta.url)));
const rounds = elfSymbols(parseElf(elf)).find(({ name }) => name === 'rounds')?.value as bigint;

describe('guests/arm64/exits', () => {
  const run = (pair: RevisionPair & { readonly gic?: 2 | 3 }, times: number): Ending => {
    const machine = guestMachine({ ...pair, image: { kind: 'elf', elf } });
    machine.guest.machine.memory.loadBytes(rounds, Uint8Array.of(times));
    expect(machine.run(3_000_000)).toEqual({ kind: 'halted', why: 'system-off', cpu: 0 });
    return endingOf(machine);
  };

  it('counts twenty of each and waits for its timer in WFI', () => {
    expect(run(REFERENCE, 20).console).toMatch(/exits done psci=0x10001 fr=0x90 debug=0x\d interrupts=0x14 brks=0x14 svcs=0x14 visits=0x14\r\n/);
  });

  const reference = run(REFERENCE, 5);
  it.each(OTHERS)('says the same, takes the same time and leaves the same under $revision, $mode', (pair) => {
    expect(run(pair, 5)).toEqual(reference);
  });
  it.each([['two-hooks', 'nvhe'], ['owner', 'nvhe'], ['owner', 'vhe']] as const)('does so on a host with a GICv3: %s, %s', (revision, mode) => {
    expect(run({ revision, mode, gic: 3 }, 5)).toEqual(reference);
  });
});
