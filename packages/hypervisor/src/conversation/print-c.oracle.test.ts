/** Printed programs compile, for the architecture that they are for. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { Kvm } from '../kvm.ts';
import { byteConversation, typedConversation } from '../test/conversations.ts';
import { REGISTERS } from '../test/model.ts';
import { RAM, program } from '../test/program.ts';
import { conversationOf, perform } from '../test/random-calls.ts';
import { RecordedKvmDevice, printAsC } from './index.ts';
import type { Conversation } from './index.ts';

const GCC = 'aarch64-linux-gnu-gcc';

/** What random conversations say, as far as a recorder hears it. */
function randomConversation(seed: number): Conversation {
  const { memory, host } = program();
  const device = new RecordedKvmDevice(new Kvm(host), { memory });
  const room = memory.allocate(4096);
  device.open('/dev/kvm');
  const world = { ram: RAM, room, registers: REGISTERS, deviceTypes: [5, 7] };
  const mappings: Uint8Array[] = [];
  const [steps] = fc.sample(conversationOf(world, 60), { seed, numRuns: 1 });
  for (const step of steps) perform({ device, memory, room, roomSize: 4096 }, step, mappings);
  return device.conversation;
}

describe.runIf(haveTools(GCC))('printed programs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvm-repeat-'));
  afterAll(() => { rmSync(folder, { recursive: true }); });
  const cases: [string, () => Conversation][] = [['in bytes', byteConversation], ['with objects', typedConversation], ...[1, 2, 3, 4, 5].map((seed): [string, () => Conversation] => [`random ${seed}`, () => randomConversation(seed)])];
  it.each(cases)('compile without a warning: %s', (_name, make) => {
    const file = join(folder, 'repeat.c');
    writeFileSync(file, printAsC(make()));
    const { status, stderr } = spawnSync(GCC, ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-o', join(folder, 'repeat'), file], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
