import { describe, expect, it } from 'vitest';
import { encodeHex, toBytes, toText } from '../codec/text.ts';
import { parseMemoryRequest, sliceForTransfer, encodeTransferChunk, parseTransferRead, encodeMemoryReply } from '../index.ts';
import { PacketLink } from '../framing/packet-link.ts';
import { GdbClient } from './client.ts';
import type { ClientOptions } from './client.ts';

type Answer = string | Uint8Array | undefined;
type Script = (request: string, raw: Uint8Array) => Answer | readonly Answer[];

const TARGET_XML = `<target><architecture>powerpc:common</architecture><feature name="f">
  <reg name="r0" bitsize="32"/><reg name="r1" bitsize="32"/><reg name="acc" bitsize="64"/><reg name="far" bitsize="32" regnum="9"/></feature></target>`;

/** A client and a scripted server, joined by callbacks; `cut` splits each transmission to the client into pieces of that size. */
function pair(script: Script, options: Partial<ClientOptions> = {}, cut = Infinity): { client: GdbClient; requests: string[]; server: PacketLink; raw: string[] } {
  const requests: string[] = [];
  const raw: string[] = [];
  const server = new PacketLink({
    role: 'server',
    send: (bytes) => {
      queueMicrotask(() => {
        for (let at = 0; at < bytes.length; at += cut) client.receive(bytes.subarray(at, at + cut));
      });
    },
  });
  const client: GdbClient = new GdbClient({
    ...options,
    send: (bytes) => {
      raw.push(toText(bytes));
      for (const event of server.receive(bytes)) {
        if (event.kind !== 'packet') continue;
        const request = toText(event.payload);
        requests.push(request);
        const answer = script(request, event.payload);
        for (const one of Array.isArray(answer) ? (answer as readonly Answer[]) : [answer as Answer]) {
          if (one !== undefined) server.sendPacket(one);
        }
        if (request === 'QStartNoAckMode' && answer === 'OK') server.stopAcknowledging();
      }
    },
  });
  return { client, requests, server, raw };
}

const memory = Uint8Array.from({ length: 2000 }, (_, i) => (i * 31) & 0xff);

/** A small PowerPC target: big-endian registers, no vCont, no X. */
const target: Script = (request, raw) => {
  if (request.startsWith('qSupported')) return 'PacketSize=100;qXfer:features:read+;QStartNoAckMode+';
  if (request === 'QStartNoAckMode') return 'OK';
  const transfer = parseTransferRead(request);
  if (transfer !== undefined) return encodeTransferChunk(sliceForTransfer(TARGET_XML, transfer));
  if (request === 'g') return `00000001xxxxxxxx0123456789abcdef`;
  if (request === 'p9') return 'xxxxxxxx';
  if (request === 'p1') return 'cafe0001';
  const access = parseMemoryRequest(raw);
  if (access?.kind === 'read') return access.address >= 2000n ? 'E14' : encodeMemoryReply(memory.subarray(Number(access.address), Number(access.address) + access.length), false);
  if (access?.kind === 'write') return access.binary ? '' : 'OK';
  if (request === 's' || request === 'c') return 'T05thread:1;';
  if (request === 'Hc1' || request.startsWith('P')) return 'OK';
  if (request.startsWith('qRcmd')) return ['O6f6e65', 'O2074776f', 'OK'];
  return '';
};

describe('GdbClient', () => {
  it.each([1, 2, 7, Infinity])('works whatever the pieces of the stream (%s bytes)', async (cut) => {
    const { client } = pair(target, {}, cut);
    await client.start();
    expect(await client.readRegisters()).toEqual(new Map([['r0', 1n], ['acc', 0x0123_4567_89ab_cdefn]]));
    expect(await client.readMemory(0n, 2000)).toEqual(memory);
    expect(await client.monitor('x')).toBe('one two');
  });

  it('reads registers in the byte order of the architecture, and says which are not available', async () => {
    const { client, requests } = pair(target);
    await client.start();
    expect(await client.readRegister('r1')).toBe(0xcafe_0001n);
    expect(await client.readRegister('far')).toBeUndefined();
    await client.writeRegister('r1', 0x1234n);
    expect(requests.at(-1)).toBe('P1=00001234');
  });

  it('stays within the packet size, and falls back from X to M', async () => {
    const { client, requests, raw } = pair(target);
    await client.start();
    await client.readMemory(0n, 2000);
    await client.writeMemory(0x10n, Uint8Array.from({ length: 300 }, () => 0x7d));
    expect(requests.filter((r) => r.startsWith('m')).length).toBeGreaterThan(10);
    expect(requests.filter((r) => r.startsWith('M')).map((r) => r.split(':')[1].length / 2).reduce((a, b) => a + b)).toBe(300);
    for (const bytes of raw) expect(bytes.length).toBeLessThanOrEqual(0x100);
  });

  it('resumes without vCont', async () => {
    const { client, requests } = pair(target);
    await client.start();
    expect(await client.step({ thread: 1 })).toMatchObject({ kind: 'stopped', signal: 5 });
    expect(requests.slice(-3)).toEqual(['vCont?', 'Hc1', 's']);
    await expect(client.resume([{ kind: 'range-step', start: 0n, end: 8n }])).rejects.toMatchObject({ kind: 'unsupported' });
  });

  it('queues requests and answers them in order', async () => {
    const { client } = pair(target);
    await client.start();
    const [a, b, c] = await Promise.allSettled([client.readMemory(0n, 2), client.readMemory(5000n, 2), client.readMemory(2n, 2)]);
    expect(a).toMatchObject({ value: memory.slice(0, 2) });
    expect(b).toMatchObject({ reason: { kind: 'target', code: 0x14, message: expect.stringContaining('m1388,2') as string } });
    expect(c).toMatchObject({ value: memory.slice(2, 4) });
  });

  it('hands console output on while the target runs, and refuses requests', async () => {
    const heard: string[] = [];
    const { client, server } = pair((r) => (r === 'vCont?' ? 'vCont;c;s' : r === 'vCont;c' ? ['O68690a'] : ''), { onConsole: (text) => heard.push(text) });
    const stop = client.continue();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(client.connection.running).toBe(true);
    await expect(client.readMemory(0n, 1)).rejects.toThrow('interrupt()');
    expect(client.interrupt()).toBe(true);
    server.sendPacket('W05');
    expect(await stop).toEqual({ kind: 'exited', status: 5 });
    expect(heard).toEqual(['hi\n']);
    expect(client.connection.running).toBe(false);
  });

  it('does not take an unasked stop for the reply to its request', async () => {
    const unasked: string[] = [];
    const { client } = pair((r, raw) => (r.startsWith('qSupported') ? ['T02thread:p01.01;', 'PacketSize=200'] : target(r, raw)), { onUnasked: (text) => unasked.push(text) });
    expect(await client.start()).toEqual(new Map([['PacketSize', { value: '200' }]]));
    expect(unasked).toEqual(['T02thread:p01.01;']);
  });

  it('ends the conversation when a reply is late: it could be taken for the next one', async () => {
    let expire: () => void = () => undefined;
    let cancelled = 0;
    const { client } = pair((r) => (r === 'g' ? undefined : 'OK'), {
      startTimer: (expired) => {
        expire = expired;
        return () => cancelled++;
      },
    });
    await client.call('qX');
    expect(cancelled).toBe(1);
    const late = client.call('g');
    const behind = client.call('qX');
    expire();
    await expect(late).rejects.toMatchObject({ kind: 'timeout', message: expect.stringContaining('g: no reply') as string });
    await expect(behind).rejects.toMatchObject({ kind: 'timeout' });
    await expect(client.call('qX')).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('rejects what waits when the transport ends', async () => {
    const { client } = pair(() => undefined);
    const waiting = client.call('g');
    client.connection.close('the cable is out');
    await expect(waiting).rejects.toMatchObject({ kind: 'closed', message: expect.stringContaining('the cable is out') as string });
    expect(client.interrupt()).toBe(false);
  });

  it('survives a line that damages packets', async () => {
    let damaged = 0;
    const client: GdbClient = new GdbClient({ send: (bytes) => queueMicrotask(() => answer(toText(bytes))) });
    const answer = (text: string): void => {
      if (text.startsWith('$')) client.receive(toBytes('-')); // refused once…
      if (text.startsWith('$') && damaged++ > 0) client.receive(toBytes(`+$${encodeHex(Uint8Array.of(1))}#00`)); // …then answered with a bad sum
      if (text === '-') client.receive(toBytes('$01#61'));
    };
    expect(await client.call('p0')).toBe('01');
  });
});
