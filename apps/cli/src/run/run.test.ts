import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MODELS } from '@worldswitch/arm64';
import { afterAll, describe, expect, it } from 'vitest';
import { CPU_NAMES } from '../plugins/arm64/options.ts';
import { guestElf, HELLO, worldswitch } from '../test/capture.ts';
import { EscapeFilter } from './escape.ts';
import { parseWatch } from './arguments.ts';

const folder = mkdtempSync(join(tmpdir(), 'worldswitch-cli-'));
afterAll(() => { rmSync(folder, { recursive: true }); });
const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
const hello = new Uint8Array(readFileSync(HELLO));

/** The command as a process of its own, with its input from a pipe. */
function piped(input: string, ...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const program = new URL('../worldswitch.ts', import.meta.url).pathname;
  return spawnSync(process.execPath, ['--import', 'tsx', program, ...args], { input, encoding: 'utf8', timeout: 50_000 });
}

describe('run', () => {
  it('prints what the guest prints and ends as it ends', () => {
    expect(piped('', 'run', HELLO, '--as', 'bare')).toMatchObject({ status: 0, stdout: 'hello\r\n', stderr: '' });
  });
  it('feeds a pipe to the guest, byte for byte', () => {
    // Echoes what is typed with 1 added, until a line feed; then powers off. Assembled by GNU as.
    const echo = Uint8Array.from([
      0x00, 0x20, 0xa1, 0xd2, // mov x0, #0x9000000
      0x01, 0x60, 0x80, 0x52, // mov w1, #0x300
      0x21, 0x00, 0x00, 0x32, // orr w1, w1, #1
      0x01, 0x30, 0x00, 0xb9, // str w1, [x0, #48]
      0x02, 0x18, 0x40, 0xb9, // ldr w2, [x0, #24]
      0xe2, 0xff, 0x27, 0x37, // tbnz w2, #4, . - 4
      0x03, 0x00, 0x40, 0xb9, // ldr w3, [x0]
      0x7f, 0x28, 0x00, 0x71, // cmp w3, #10
      0x80, 0x00, 0x00, 0x54, // b.eq . + 16
      0x63, 0x04, 0x00, 0x11, // add w3, w3, #1
      0x03, 0x00, 0x00, 0xb9, // str w3, [x0]
      0xf9, 0xff, 0xff, 0x17, // b . - 28
      0x00, 0x01, 0x80, 0x52, // mov w0, #8
      0x00, 0x80, 0xb0, 0x72, // movk w0, #0x8400, lsl #16
      0x03, 0x00, 0x00, 0xd4, // smc #0
    ]);
    expect(piped('HAL\n', 'run', file('echo.bin', echo), '--as', 'bare', '--at', '0x40080000')).toMatchObject({ status: 0, stdout: 'IBM' });
  });
  it('stops at a breakpoint and at a watchpoint, steps, and goes on', async () => {
    const breaks = await worldswitch('run', HELLO, '--as', 'bare', '--break', 'main', '--step', '2');
    expect(breaks.status).toBe(0);
    expect(breaks.err).toContain('breakpoint 1, hit 1: breakpoint at main');
    expect(breaks.err).toMatch(/> 0000000040200074 .* mov x0, #0x30/);
    expect(breaks.out).toBe('');
    const watch = await worldswitch('run', HELLO, '--as', 'bare', '--watch', '0x9000000:4:w', '--hits', '0');
    expect(watch.out).toBe('hello\r\n');
    expect(watch.err.match(/watchpoint 1, hit \d+/g)?.at(-1)).toBe('watchpoint 1, hit 7');
  });
  it('stops a guest with what KVM would report, in both modes', async () => {
    for (const mode of ['vhe', 'nvhe']) {
      const { status, out } = await worldswitch('run', HELLO, '--mode', mode, '--break', 'main', '--hits', '0', '--json');
      expect(status).toBe(0);
      const events = out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
      // EC 0x30, breakpoint from a lower level, IL, IFSC 0x22 (DDI 0487 ESR_EL2).
      expect(events.find(({ event }) => event === 'stop')).toMatchObject({ kind: 'debug', why: 'breakpoint', report: { hsr: '0xc2000022' }, position: { where: 'main' }, stop: { id: 1, hits: 1 } });
      expect(events.filter(({ event }) => event === 'console').map(({ text }) => text).join('')).toBe('hello\r\n');
      expect(events.at(-1)).toMatchObject({ event: 'end', kind: 'halted', ok: true });
    }
  });
  it('runs on a machine with a GICv3: a guest, to whom it is all the same, and an image that does not look', async () => {
    for (const mode of ['vhe', 'nvhe']) {
      const { status, out } = await worldswitch('run', guestElf('own-breakpoint'), '--gic', '3', '--mode', mode);
      expect([status, out]).toEqual([0, '0x1 0xc6000022\r\n']);
    }
    expect(await worldswitch('run', HELLO, '--as', 'bare', '--gic', '3')).toMatchObject({ status: 0, out: 'hello\r\n' });
  });
  it('gives a guest its own BRK back, and does not count it', async () => {
    const { status, out, err } = await worldswitch('run', guestElf('steps'), '--break', 'stretch_end');
    expect(err.match(/^software-breakpoint at stretch\+0x38/gm)).toHaveLength(40);
    expect(err).toContain('breakpoint 1, hit 1: breakpoint at stretch_end');
    expect([status, out]).toEqual([0, 'steps\r\n']);
  });
  it('ends at the limit between stops too', async () => {
    const { status, err } = await worldswitch('run', HELLO, '--as', 'bare', '--break', '_start+4', '--hits', '0', '--step', '9', '--limit', '5');
    expect(err).toContain('the limit is reached at _start+0x14 (0x40200014), after 5 instructions');
    expect(status).toBe(0);
  });
  it('traces the world switch', async () => {
    const { out } = await worldswitch('run', HELLO, '--mode', 'vhe', '--limit', '5', '--trace', 'world-switch', '--json');
    const rows = out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ event }) => event === 'trace');
    expect(rows).toContainEqual(expect.objectContaining({ phase: 'restore-guest', operation: 'write', written: 'SCTLR_EL12', reached: 'SCTLR_EL1' }));
  });
  it('compares the evaluator with the translator', async () => {
    expect(await worldswitch('run', HELLO, '--as', 'bare', '--engine', 'check', '--memory', '4M')).toMatchObject({ status: 0, out: 'hello\r\n' });
  });
  it('has a schema for --json', async () => {
    const { out } = await worldswitch('run', HELLO, '--as', 'bare', '--json');
    const events = out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events[0]).toEqual({ event: 'loaded', architecture: 'arm64', title: 'virt, neoverse-n1, bare at EL2', cpus: 1, entry: '0x40200000', symbols: expect.any(Number) as number, ticksPerSecond: 62_500_000 });
    expect(events.at(-1)).toMatchObject({ event: 'end', kind: 'halted', why: 'the guest powered off', position: { retired: expect.any(Number) as number, pc: expect.stringMatching(/^0x/) as string } });
    expect(Buffer.concat(events.filter(({ event }) => event === 'console').map(({ bytes }) => Buffer.from(bytes as string, 'base64'))).toString()).toBe('hello\r\n');
  });
});

describe('a mistake', () => {
  const foreign = hello.slice();
  foreign[18] = 20;
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a missing file', ['run', 'no/such.elf'], /no\/such\.elf: there is no such file/],
    ['a directory', ['run', folder], /it is a directory/],
    ['a truncated ELF', ['run', file('cut.elf', hello.subarray(0, 70))], /must lie inside it/],
    ['a foreign ELF', ['run', file('ppc.elf', foreign)], /e_machine = 20 .* executes 183/],
    ['an image larger than memory', ['run', file('big.bin', new Uint8Array(2 ** 21)), '--at', '0x40000000', '--memory', '1M'], /must lie inside memory/],
    ['firmware larger than flash', ['run', file('rom.bin', new Uint8Array(2 ** 26 + 1)), '--bios'], /flash bank 0/],
    ['an empty file', ['run', file('empty', new Uint8Array(0))], /firmware of 0x0 bytes/],
    ['zeros', ['run', file('zeros', new Uint8Array(4096))], /zeros, a file without a known header of 4096 bytes: .* the word 0x00000000 at offset 0x0.* is no A64 instruction.*--bios .*--at ADDR/],
    ['text', ['run', file('notes.txt', readFileSync(new URL('../../README.md', import.meta.url))), '--as', 'bare'], /is no A64 instruction/],
    ['packed text', ['run', file('notes.gz', gzipSync('To be, or not to be, that is the question'))], /is no A64 instruction/],
    ['other machines\' code', ['run', file('ppc.bin', Uint8Array.of(0x94, 0x21, 0xff, 0xf0, 0x7c, 0x08, 0x02, 0xa6, 0x90, 0x01, 0x00, 0x14, 0x4e, 0x80, 0x00, 0x20))], /is no A64 instruction/],
    ['code that runs out', ['run', file('nop.bin', Uint8Array.of(0x1f, 0x20, 0x03, 0xd5))], /execution from its beginning leaves it at offset 0x4/],
    ['a broken gzip file', ['run', file('cut.gz', gzipSync(hello).subarray(0, 40))], /gzip/],
    ['an unaligned breakpoint', ['run', HELLO, '--break', '0x40200002'], /begins at a multiple of 4; use 0x40200000 or 0x40200004/],
    ['an unknown symbol', ['run', HELLO, '--break', 'mian'], /did you mean main/],
    ['no breakpoint register left', ['run', HELLO, ...Array.from({ length: 7 }, (_, n) => ['--break', `main+${n * 4}`]).flat()], /7 hardware breakpoints: ENOBUFS: the processor has 6/],
    ['no watchpoint register left', ['run', HELLO, ...Array.from({ length: 5 }, (_, n) => ['--watch', `0x40200000+${n * 8}`]).flat()], /5 hardware watchpoints: ENOBUFS: the processor has 4/],
    ['a bad watch', ['run', HELLO, '--watch', 'main:0'], /'0' is no length and none of r, w, rw/],
    ['an unknown option', ['run', HELLO, '--memroy', '1M'], /unknown option '--memroy'/],
    ['an unknown processor', ['run', HELLO, '--cpu', 'neoverse-n2'], /unknown cpu 'neoverse-n2'; did you mean neoverse-n1/],
    ['an unknown engine', ['run', HELLO, '--engine', 'jit'], /Allowed choices are evaluator, interpreter, translator, check/],
    ['a bad size', ['run', HELLO, '--memory', 'lots'], /memory is 'lots'; it must be a number of bytes/],
    ['too little memory', ['run', HELLO, '--memory', '1000'], /multiple of 1 MiB/],
    ['an interrupt controller that the board does not have', ['run', HELLO, '--gic', '4'], /unknown gic '4'.*there are 2, 3/],
    ['a mode the processor does not have', ['run', HELLO, '--cpu', 'cortex-a57', '--mode', 'vhe'], /does not have FEAT_VHE; use --mode nvhe/],
    ['a trace of nothing', ['run', HELLO, '--as', 'bare', '--trace', 'world-switch'], /needs --as guest/],
    ['an option of another image', ['run', HELLO, '--append', 'quiet'], /only a Linux kernel takes it/],
    ['a bad count', ['run', HELLO, '--step', '0'], /--step 0: it must be a whole number from 1 up/],
    ['an unknown command', ['rnu'], /unknown command 'rnu'/],
    ['a missing argument', ['run'], /missing required argument/],
  ];
  it.each(cases)('%s: status 2, one message, nothing done', async (_, args, message) => {
    const { status, out, err } = await worldswitch(...args);
    expect(err).toMatch(message);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).not.toMatch(/\n {4}at /);
  });
  it('is none where the user insists', async () => {
    const zeros = file('zeros', new Uint8Array(4096));
    for (const insist of [['--bios'], ['--at', '0x40080000']]) {
      expect(await worldswitch('run', zeros, '--as', 'bare', ...insist, '--limit', '100')).toMatchObject({ status: 0, err: expect.stringContaining('the limit is reached') as string });
    }
  });
  it('is none in firmware: it begins with instructions, and what they jump over is data', async () => {
    // b . + 12; two words of data; wfi; b . - 4.
    const jump = Uint8Array.of(0x03, 0, 0, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0x20, 0x03, 0xd5, 0xff, 0xff, 0xff, 0x17);
    expect(await worldswitch('run', file('jump.bin', jump), '--as', 'bare', '--limit', '2')).toMatchObject({ status: 0, err: expect.stringContaining('the limit is reached') as string });
  });
  it('is an event with --json', async () => {
    const { status, out } = await worldswitch('run', HELLO, '--json', '--break', '0x40200002');
    expect(status).toBe(2);
    expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({ event: 'error', source: 'debugger', code: 'unaligned' });
  });
  it('of the guest is status 1: it waits for what cannot come', () => {
    const wait = Uint8Array.of(0x7f, 0x20, 0x03, 0xd5, 0xff, 0xff, 0xff, 0x17); // wfi; b . - 4
    const { status, stderr } = piped('', 'run', file('wait.bin', wait), '--as', 'bare', '--at', '0x40080000');
    expect(stderr).toMatch(/waits at .* for an interrupt that nothing will raise/);
    expect(status).toBe(1);
  });
});

describe('the terminal', () => {
  const feed = (...chunks: readonly string[]): readonly [string, readonly string[]] => {
    const filter = new EscapeFilter();
    const parts = chunks.map((chunk) => filter.feed(Buffer.from(chunk, 'latin1')));
    return [parts.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join(''), parts.flatMap(({ actions }) => actions)];
  };
  it('keeps Ctrl-a for itself, wherever the input is cut', () => {
    for (const cut of [0, 1, 2, 3, 4, 5, 6]) {
      const typed = 'a\x01x\x01\x01b\x01h';
      expect(feed(typed.slice(0, cut), typed.slice(cut))).toEqual(['a\x01b', ['quit', 'help']]);
    }
    expect(feed('\x03\x04\x1b[A')).toEqual(['\x03\x04\x1b[A', []]);
  });
  it('reads watchpoints', () => {
    expect(parseWatch('0x1000')).toEqual({ address: '0x1000', length: 8, access: 'both' });
    expect(parseWatch('buf+8:4:w')).toEqual({ address: 'buf+8', length: 4, access: 'write' });
    expect(parseWatch('buf:r')).toEqual({ address: 'buf', length: 8, access: 'read' });
  });
  it('offers the processors there are', () => {
    expect(CPU_NAMES).toEqual(MODELS.map(({ name }) => name));
  });
});
