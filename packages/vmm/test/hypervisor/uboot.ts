/** Debian's U-Boot as a guest of the hypervisor, driven as `recordUbootConsole` drives it on QEMU. */
import { readFileSync } from 'node:fs';
import type { RevisionPair } from '@worldswitch/arm64-hypervisor';
import type { EngineKind } from '@worldswitch/engine';
import { fetchInput } from '../../../../tooling/oracles/fetch-inputs.ts';
import { splitTranscript, UBOOT_COMMANDS, type Transcript } from '../../../../tooling/oracles/qemu/index.ts';
import { guestMachine, type GuestMachine, type GuestMachineOptions } from '../../src/test/guest-machine.ts';
import { endingOf, type Ending } from './pairs.ts';

const SLICE = 500_000;
/** At a prompt it polls its UART, every twenty instructions an exit: little time there for each look at the console. */
const PROMPT_SLICE = 5_000;
const SLICES = 5_000;
const BANNER_SLICES = 200;
const MIB = 1 << 20;

export interface UbootGuest {
  readonly transcript: Transcript;
  readonly machine: GuestMachine;
  readonly end: string;
  /** Ticks of the guest's machine: instructions retired and idle time. The two modes must agree on it. */
  readonly ticks: bigint;
  /** Exits that reached the VMM, by kind. */
  readonly exits: ReadonlyMap<string, number>;
}

/** U-Boot before its first instruction. */
function ubootMachine(options: Pick<GuestMachineOptions, 'mode' | 'revision' | 'faithful' | 'kind' | 'onExit'>): GuestMachine {
  const firmware = new Uint8Array(readFileSync(fetchInput('u-boot-arm64.bin')));
  return guestMachine({ ...options, ram: 256 * MIB, image: { kind: 'firmware', firmware } });
}

/** As far as its countdown, then off the processor: what it has said and what it is by then. @throws Error if it does not get there. */
export function ubootBanner(pair: RevisionPair): Ending {
  return endingOf(ubootUntil(pair, 'stop autoboot'), { flash: true });
}

/** Until it says so. @throws Error if it does not. */
export function ubootUntil(pair: RevisionPair & Pick<GuestMachineOptions, 'faithful'>, text: string): GuestMachine {
  const machine = ubootMachine({ ...pair, kind: 'translator' });
  for (let slice = 0; slice < BANNER_SLICES; slice++) {
    const stop = machine.run(SLICE);
    if (stop.kind !== 'budget') throw new Error(`U-Boot ended by ${stop.kind} before it said '${text}'`);
    if (machine.console.includes(text)) return machine;
  }
  throw new Error(`U-Boot did not say '${text}' within ${BANNER_SLICES} slices; its console so far:\n${machine.console}`);
}

/** A key at the countdown, a command at each prompt, then `poweroff`. @throws Error if it never powers off. */
export function ubootGuest({ revision, mode }: RevisionPair, kind: EngineKind, commands: readonly string[] = UBOOT_COMMANDS): UbootGuest {
  const exits = new Map<string, number>();
  const machine = ubootMachine({
    revision, mode, kind, onExit: (exit) => { exits.set(exit.kind, (exits.get(exit.kind) ?? 0) + 1); },
  });
  const waiting = [...commands, 'poweroff'];
  let stopped = false;
  let seen = 0;
  for (let slice = 0; slice < SLICES; slice++) {
    const stop = machine.run(stopped ? PROMPT_SLICE : SLICE);
    if (stop.kind !== 'budget') {
      const end = stop.kind === 'halted' ? stop.why : stop.kind;
      return { transcript: splitTranscript(machine.console, commands), machine, end, ticks: machine.guest.machine.clock.now(), exits };
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
  throw new Error(`U-Boot did not power off within ${SLICES} slices; its console so far:\n${machine.console}`);
}
