/** Debian's U-Boot on our board, as the oracles run it on QEMU. */
import { readFileSync } from 'node:fs';
import { configure, virtDeviceTree } from '@worldswitch/arm64';
import type { EngineKind } from '@worldswitch/engine';
import * as images from '@worldswitch/image';
import { fetchInput } from '../../../../tooling/oracles/fetch-inputs.ts';
import { runUboot, splitTranscript, UBOOT_COMMANDS, type Transcript } from '../../../../tooling/oracles/qemu/index.ts';
import { arm64Machine, type Arm64Machine } from './machine.ts';
import { compareRun } from './trace.ts';

const firmware = (): Uint8Array => new Uint8Array(readFileSync(fetchInput('u-boot-arm64.bin')));

/**
 * From reset, no key pressed: undefined if each block of program counters is QEMU's, else where they part. With a GICv3 the device tree is that of
 * QEMU's board, which has an ITS in it; U-Boot only reads of it.
 */
export function compareUboot(kind: EngineKind, blocks: number, { sync = 'early', gic = 2 }: { readonly sync?: 'early' | 'late'; readonly gic?: 2 | 3 } = {}): string | undefined {
  const image = { kind: 'firmware', firmware: firmware() } as const;
  const tree = gic === 3 ? { deviceTree: virtDeviceTree(configure({ gic }), images, { its: true, powerKey: false }) } : {};
  return compareRun(() => arm64Machine({ kind, image, gic, digest: true, sync, ...tree }), blocks, (trace) => runUboot({ blocks, gic, ...(trace !== undefined && { trace }) }));
}

const SLICE = 500_000;
const SLICES = 600;

/** A session as `recordUbootConsole` has it on QEMU: a key at the countdown, a command at each prompt, then `poweroff`. */
export function ubootSession(kind: EngineKind): { readonly transcript: Transcript; readonly machine: Arm64Machine; readonly end: string } {
  const machine = arm64Machine({ kind, image: { kind: 'firmware', firmware: firmware() } });
  const waiting = [...UBOOT_COMMANDS, 'poweroff'];
  let stopped = false;
  let seen = 0;
  for (let slice = 0; slice < SLICES; slice++) {
    const stop = machine.run(SLICE);
    if (stop.kind !== 'budget') {
      return { transcript: splitTranscript(machine.console, UBOOT_COMMANDS), machine, end: stop.kind === 'halted' ? stop.why : stop.kind };
    }
    if (!stopped && machine.console.includes('stop autoboot')) {
      stopped = true;
      machine.type(' ');
    }
    const prompt = machine.console.indexOf('=> ', seen);
    const command = prompt < 0 ? undefined : waiting.shift();
    if (command === undefined) continue;
    seen = prompt + 3;
    machine.type(`${command}\r`);
  }
  throw new Error(`U-Boot did not power off within ${SLICE * SLICES} instructions; its console so far:\n${machine.console}`);
}
