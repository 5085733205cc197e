import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as devices from '@worldswitch/devices';
import { Engine } from '@worldswitch/engine';
import * as images from '@worldswitch/image';
import { EngineMemory } from '@worldswitch/machine';
import { fetchInput } from '../../../../tooling/oracles/fetch-inputs.ts';
import { QEMU, recordUbootConsole, runUboot, splitTranscript, UBOOT_COMMANDS } from '../../../../tooling/oracles/qemu/index.ts';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { CORTEX_A57, virtProcessors } from '../cpu/index.ts';
import { createInstructionTable } from '../instructions.ts';
import { STATE } from '../state.ts';
import { createVirt, SYSTEM_OFF, type Virt } from './index.ts';

function board(el2: boolean, console: (byte: number) => void, digest = false): { readonly virt: Virt<EngineMemory>; readonly engine: Engine } {
  const engine = new Engine({ table: createInstructionTable(), layout: STATE, order: 'little', kind: 'translator', digest });
  const firmware = new Uint8Array(readFileSync(fetchInput('u-boot-arm64.bin')));
  const virt = createVirt({
    el2, devices, images, memory: new EngineMemory(engine.memory), makeCpu: virtProcessors(engine, CORTEX_A57), image: { kind: 'firmware', firmware }, console,
  });
  return { virt, engine };
}

/** As `recordUbootConsole` does on QEMU: a key at the countdown, a command at each prompt, `poweroff` at the last. */
function session(el2: boolean): { readonly raw: string; readonly why: string } {
  let raw = '';
  const { virt } = board(el2, (byte) => { raw += String.fromCharCode(byte); });
  const { inputs } = virt.machine;
  const type = (text: string): void => { inputs.post('console', new TextEncoder().encode(text)); };
  const waiting = [...UBOOT_COMMANDS, 'poweroff'];
  let stopped = false;
  let seen = 0;
  for (let slices = 0; slices < 600; slices++) {
    const stop = virt.machine.run({ budget: 500_000 });
    if (stop.kind !== 'budget') return { raw, why: stop.kind === 'halted' ? stop.why : stop.kind };
    if (!stopped && raw.includes('stop autoboot')) {
      stopped = true;
      type(' ');
    }
    const prompt = raw.indexOf('=> ', seen);
    const command = prompt < 0 ? undefined : waiting.shift();
    if (command === undefined) continue;
    seen = prompt + 3;
    type(`${command}\r`);
  }
  return { raw, why: 'never' };
}

describe.runIf(haveTools(QEMU, 'gcc', 'apt-get'))('U-Boot on the virt board', () => {
  it.each([true, false])('takes QEMU\'s path, with the tree generated here (EL2: %s)', (el2) => {
    const blocks = 150;
    const { virt, engine } = board(el2, () => {}, true);
    virt.machine.run({ budget: 65536 * blocks });
    const expected = runUboot({ blocks, el2 }).digests.map(({ digest }) => digest);
    expect(engine.cores[0].digest.blocks.map((value) => value.toString(16).padStart(16, '0'))).toEqual(expected);
  }, 120_000);

  it.each([true, false])('says what it says on QEMU, and powers off (EL2: %s)', async (el2) => {
    const { raw, why } = session(el2);
    expect(why).toBe(SYSTEM_OFF);
    const [mine, qemu] = [splitTranscript(raw, UBOOT_COMMANDS), await recordUbootConsole({ el2 })];
    expect(mine.answers).toEqual(qemu.answers);
    expect(mine.banner).toBe(qemu.banner);
  }, 240_000);
});
