import { readFileSync } from 'node:fs';
import { CORTEX_A57, createInstructionTable, createVirt, STATE, virtProcessors } from '@worldswitch/arm64';
import * as devices from '@worldswitch/devices';
import { Engine } from '@worldswitch/engine';
import * as images from '@worldswitch/image';
import { EngineMemory } from '@worldswitch/machine';
import { describe, expect, it } from 'vitest';
import { compilers, guests, isCurrent, type Guest } from '../../guests/build.ts';
import { QEMU } from './qemu/index.ts';
import { machineOption, runQemu } from './qemu/machine.ts';
import { haveTools } from './require.ts';

describe.runIf(haveTools(...compilers()))('committed guests', () => {
  it.each(guests())('$architecture/$name is what its sources give', (guest) => {
    expect(isCurrent(guest), 'rebuild with `npx tsx guests/build.ts` and commit').toBe(true);
  });
});

/** What a guest says under QEMU, until it powers off. */
function underQemu({ elf }: Guest, el2: boolean): string {
  const machine = ['-M', machineOption({ el2 }), '-cpu', 'cortex-a57', '-m', '256'];
  return runQemu([...machine, '-nodefaults', '-display', 'none', '-serial', 'stdio', '-kernel', elf], { timeout: 20_000 }).stdout.toString();
}

/** What it says on our board, started the same way. */
function onOurBoard({ elf }: Guest, el2: boolean): string {
  const engine = new Engine({ table: createInstructionTable(), layout: STATE, order: 'little' });
  let said = '';
  const { machine } = createVirt({
    devices, images, el2, memory: new EngineMemory(engine.memory), makeCpu: virtProcessors(engine, CORTEX_A57),
    image: { kind: 'elf', elf: readFileSync(elf) }, console: (byte) => { said += String.fromCharCode(byte); },
  });
  expect(machine.run({ budget: 50_000_000 })).toMatchObject({ kind: 'halted', why: 'system-off' });
  return said;
}

describe.runIf(haveTools(QEMU))('guests under QEMU', () => {
  const arm64 = guests().filter(({ architecture }) => architecture === 'arm64');
  // The kernels' checksums are those of the same C built for the host with the sanitizers of gcc; the rest follows from the manual.
  const lines: Readonly<Record<string, RegExp>> = {
    hello: /^hello\r\n$/,
    'bench-kernels': /^list 0xa7bad5fd\r\nmatrix 0x1ce62925\r\nstate 0xcd99\r\nsort 0xcfa61245\r\nmemory 0x26d21ce6\r\ncalls 0x6dbc7231\r\n$/,
    'debug-self': /debug-self done sum=0x54 breakpoints=0x2 watchpoints=0x2 steps=0x4 brks=0x1\r\n$/,
    exits: /exits done psci=0x10001 fr=0x90 debug=0x6 interrupts=0x64 brks=0x64 svcs=0x64 visits=0x64\r\n$/,
    'own-breakpoint': /^0x1 0xc6000022\r\n$/,
    steps: /steps done rounds=0x28 exceptions=0x50\r\n$/,
  };

  it.each(arm64.flatMap((guest) => [true, false].map((el2) => ({ ...guest, guest, el2 }))))('$name says the same here and there (EL2: $el2)', ({ name, guest, el2 }) => {
    const said = underQemu(guest, el2);
    expect(said).toMatch(lines[name]);
    expect(onOurBoard(guest, el2)).toBe(said);
  });
});
