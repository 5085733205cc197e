/** The committed guest that leaves in every way it can, twenty times, with its own interrupts, in both modes. */
import { readFileSync } from 'node:fs';
import { elfSymbols, parseElf } from '@worldswitch/image';
import { describe, expect, it } from 'vitest';
import { guestMachine } from '../../src/test/guest-machine.ts';

const elf = new Uint8Array(readFileSync(new URL('../../../../guests/arm64/exits/exits.elf', import.meta.url)));
const rounds = elfSymbols(parseElf(elf)).find(({ name }) => name === 'rounds')?.value as bigint;

describe('guests/arm64/exits', () => {
  const run = (mode: 'nvhe' | 'vhe'): { readonly console: string; readonly ticks: bigint } => {
    const machine = guestMachine({ mode, image: { kind: 'elf', elf } });
    machine.guest.machine.memory.loadBytes(rounds, Uint8Array.of(20));
    expect(machine.run(3_000_000)).toEqual({ kind: 'halted', why: 'system-off', cpu: 0 });
    return { console: machine.console, ticks: machine.guest.machine.clock.now() };
  };

  it('counts twenty of each, waits for its timer in WFI, and takes the same time in both modes', () => {
    const nvhe = run('nvhe');
    expect(nvhe.console).toMatch(/exits done psci=0x10001 fr=0x90 debug=0x\d interrupts=0x14 brks=0x14 svcs=0x14 visits=0x14\r\n/);
    expect(run('vhe')).toEqual(nvhe);
  });
});
