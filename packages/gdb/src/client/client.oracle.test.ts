import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { connectTcp } from '../node/index.ts';
import type { TcpSession } from '../node/index.ts';
import type { GdbClient } from './client.ts';

/** A64 words, assembled by GNU as from the text beside them. */
const PROGRAM = [
  0xd2800020, // 0x00 mov x0, #1
  0xd2824681, // 0x04 mov x1, #0x1234
  0x8b010002, // 0x08 add x2, x0, x1
  0x58000103, // 0x0c ldr x3, 0x2c   (0x40100000)
  0xf9000062, // 0x10 str x2, [x3]
  0xf9400064, // 0x14 ldr x4, [x3]
  0xd503201f, // 0x18 nop
  0x14000000, // 0x1c b .
  0, 0, 0,
  0x40100000, 0, // 0x2c
];
/** -bios puts the file into the flash bank at 0, and the reset program counter is 0 (virt board, "Firmware"). */
const BASE = 0n;
const DATA = 0x4010_0000n;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.skipIf(!haveTools('qemu-system-aarch64'))('the client drives QEMU', () => {
  const folder = mkdtempSync(join(tmpdir(), 'worldswitch-'));
  let qemu: ChildProcess;
  let session: TcpSession;
  let client: GdbClient;
  let port: number;

  beforeAll(async () => {
    const image = join(folder, 'program.bin');
    writeFileSync(image, new Uint8Array(Uint32Array.from(PROGRAM).buffer));
    port = await freePort();
    const options = ['-M', 'virt,virtualization=on', '-cpu', 'cortex-a57', '-m', '32M', '-smp', '2', '-nographic', '-nodefaults', '-bios', image];
    qemu = spawn('qemu-system-aarch64', [...options, '-S', '-gdb', `tcp:127.0.0.1:${port}`], { stdio: 'ignore' });
    session = await connectWhenReady();
    client = session.client;
  });

  /** QEMU needs a moment until it listens. */
  async function connectWhenReady(): Promise<TcpSession> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await connectTcp({ port });
      } catch (error) {
        if (attempt === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  afterAll(async () => {
    const gone = new Promise((resolve) => qemu.once('exit', resolve));
    client.kill();
    qemu.kill('SIGKILL');
    await gone;
    session.close();
    rmSync(folder, { recursive: true });
  });

  it('exchanges features and reads the target description', async () => {
    expect(client.features.get('qXfer:features:read')).toBe(true);
    expect(client.features.get('vContSupported')).toBe(true);
    const description = await client.targetDescription();
    expect(description.architecture).toBe('aarch64');
    expect(description.features).toEqual(expect.arrayContaining(['org.gnu.gdb.aarch64.core', 'org.gnu.gdb.aarch64.fpu']));
    // Numbers and offsets as gdb lays them out (facts: x0-x30, sp 31, pc 32, cpsr 33, v0 34).
    const by = new Map(description.registers.map((r) => [r.name, r]));
    expect(by.get('pc')).toMatchObject({ number: 32, offset: 256, bitSize: 64 });
    expect(by.get('cpsr')).toMatchObject({ number: 33, offset: 264, bitSize: 32 });
    expect(by.get('v0')).toMatchObject({ number: 34, offset: 268, bitSize: 128 });
    expect(by.get('MDSCR_EL1') ?? description.registers.find((r) => r.group === 'cp_regs')).toMatchObject({ group: 'cp_regs' });
  });

  it('knows both processors', async () => {
    expect(await client.stopReason()).toMatchObject({ kind: 'stopped', signal: 5 });
    const threads = await client.threads();
    expect(threads.map((t) => t.id)).toEqual([{ process: 1, thread: 1 }, { process: 1, thread: 2 }]);
    expect(await client.isAlive({ process: 1, thread: 2 })).toBe(true);
    expect(await client.isAlive({ process: 1, thread: 9 })).toBe(false);
    expect(await client.currentThread()).toMatchObject({ thread: 1 });
  });

  it('single-steps and sees each instruction do its work', async () => {
    const start = await client.readRegisters();
    expect(start.get('pc')).toBe(BASE);
    // EL2h with DAIF masked (virt board, state at entry).
    expect(start.get('cpsr')! & 0x3dfn).toBe(0x3c9n);
    const seen: [bigint, bigint | undefined][] = [];
    for (let i = 0; i < 3; i++) {
      expect(await client.step({ process: 1, thread: 1 })).toMatchObject({ kind: 'stopped', signal: 5 });
      const registers = await client.readRegisters();
      seen.push([registers.get('pc')!, registers.get(`x${i}`)]);
    }
    expect(seen).toEqual([[BASE + 4n, 1n], [BASE + 8n, 0x1234n], [BASE + 12n, 0x1235n]]);
  });

  it('stops at a hardware breakpoint and at a watchpoint', async () => {
    const breakpoint = { kind: 'hardware', address: BASE + 0x10n, size: 4 } as const;
    await client.insertBreakpoint(breakpoint);
    expect(await client.continue()).toMatchObject({ kind: 'stopped', signal: 5, thread: { thread: 1 } });
    await client.removeBreakpoint(breakpoint);
    expect(await client.readRegister('pc')).toBe(BASE + 0x10n);
    expect(await client.readRegister('X3')).toBe(DATA);

    const watchpoint = { kind: 'write', address: DATA, size: 8 } as const;
    await client.insertBreakpoint(watchpoint);
    expect(await client.continue()).toMatchObject({ kind: 'stopped', signal: 5, reason: { kind: 'watch', address: DATA } });
    await client.removeBreakpoint(watchpoint);
  });

  it('reads and writes memory and registers', async () => {
    const program = await client.readMemory(BASE, 32);
    expect([...new Uint32Array(program.buffer, 0, 8)]).toEqual(PROGRAM.slice(0, 8));
    const data = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 7) & 0xff); // several packets, all byte values
    await client.writeMemory(DATA + 0x1000n, data);
    expect(await client.readMemory(DATA + 0x1000n, data.length)).toEqual(data);

    await client.writeRegister('x9', 0xfedc_ba98_7654_3210n);
    await client.writeRegister('v3', 0x1122_3344_5566_7788_99aa_bbcc_ddee_ff00n);
    expect(await client.readRegister('x9')).toBe(0xfedc_ba98_7654_3210n);
    // QEMU's g ends with cpsr; the registers behind it are read one by one.
    expect((await client.readRegisters()).has('v3')).toBe(false);
    expect(await client.readRegister('v3')).toBe(0x1122_3344_5566_7788_99aa_bbcc_ddee_ff00n);
    await client.writeRegisters((bytes, description) => {
      bytes[description.registers.find((r) => r.name === 'x10')!.offset] = 0x5a;
    });
    expect(await client.readRegister('x10')).toBe(0x5an);
  });

  it('turns the target\'s errors into rejections', async () => {
    await expect(client.readMemory(0x0f00_0000_0000n, 4)).rejects.toMatchObject({ kind: 'target', code: 0x14 });
    await expect(client.call('qNoSuchThing')).rejects.toMatchObject({ kind: 'unsupported' });
    await expect(client.readRegister('x31')).rejects.toMatchObject({ kind: 'state' });
    await expect(client.writeRegister('cpsr', 1n << 32n)).rejects.toThrow('32 bits');
  });

  it('interrupts a running target, and refuses requests until then', async () => {
    const stop = client.continue();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(client.readMemory(BASE, 4)).rejects.toMatchObject({ kind: 'state' });
    expect(client.interrupt()).toBe(true);
    expect(await stop).toMatchObject({ kind: 'stopped', signal: 2 });
    expect(client.interrupt()).toBe(false);
    expect(await client.readRegister('pc')).toBe(BASE + 0x1cn);
  });

  it('runs commands of the target', async () => {
    expect(await client.monitor('info version')).toMatch(/^\d+\.\d+/);
    expect(await client.monitor('info status')).toContain('paused');
  });

  it('detaches, and another client takes over with acknowledgements on', async () => {
    await client.detach();
    await expect(client.readRegisters()).rejects.toMatchObject({ kind: 'closed' });
    session.close();
    session = await connectTcp({ port, keepAcknowledgements: true });
    client = session.client;
    expect(await client.readRegister('x4')).toBe(0x1235n);
  });
});

it.skipIf(!haveTools('aarch64-linux-gnu-objdump'))('the program is what its comments say', () => {
  const folder = mkdtempSync(join(tmpdir(), 'worldswitch-'));
  try {
    writeFileSync(join(folder, 'program.bin'), new Uint8Array(Uint32Array.from(PROGRAM).buffer));
    const text = execFileSync('aarch64-linux-gnu-objdump', ['-D', '-b', 'binary', '-m', 'aarch64', join(folder, 'program.bin')], { encoding: 'utf8' });
    const lines = [...text.matchAll(/^ +\w+:\t\w+ \t([^/\n]*)/gm)].slice(0, 8).map((m) => m[1].replace(/\s+/g, ' ').trim());
    expect(lines).toEqual([
      'mov x0, #0x1', 'mov x1, #0x1234', 'add x2, x0, x1', 'ldr x3, 0x2c', 'str x2, [x3]', 'ldr x4, [x3]', 'nop', 'b 0x1c',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
