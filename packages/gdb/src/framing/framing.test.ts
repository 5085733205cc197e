import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBytes, toText } from '../codec/text.ts';
import { GdbError } from '../error.ts';
import { PacketLink } from './packet-link.ts';
import type { FramingEvent } from './packet-reader.ts';
import { PacketReader } from './packet-reader.ts';
import { frameNotification, framePacket } from './packet-writer.ts';

/** Events with payloads as text, for reading. */
const show = (events: readonly FramingEvent[]): unknown[] =>
  events.map((e) => ('payload' in e ? `${e.kind} ${toText(e.payload)}` : e.kind === 'damaged' ? `damaged ${e.reason}` : e.kind === 'noise' ? `noise ${e.byte}` : e.kind));
const read = (text: string, runLength = true, limit?: number): unknown[] =>
  show(new PacketReader({ runLength, ...(limit === undefined ? {} : { limit }) }).receive(toBytes(text)));

describe('PacketReader', () => {
  // Packets of the GDB manual, appendix "Remote Protocol", sections Overview and Binary Data.
  it.each([
    ['$OK#9a', ['packet OK']],
    ['$#00', ['packet ']],
    ['+$g#67', ['ack', 'packet g']],
    ['-\x03', ['nak', 'interrupt']],
    ['$0* #7a', ['packet 0000']],
    ['$0*~#d8', [`packet ${'0'.repeat(98)}`]],
    ['%Stop:T05#99', ['notification Stop:T05']],
    ['$}\x03#80', ['packet #']],
    ['$}]#da', ['packet }']],
    ['$a}\x03b#43', ['packet a#b']],
    ['xy$OK#9A', ['noise 120', 'noise 121', 'packet OK']],
  ])('%j', (text, events) => {
    expect(read(text)).toEqual(events);
  });

  it('takes a star in a request as a plain byte, and 0x03 in a packet as data', () => {
    expect(read('$a*b\x03#f0', false)).toEqual(['packet a*b\x03']);
  });

  it.each([
    ['$OK#9b', ['damaged checksum']],
    ['$OK#9z$OK#9a', ['damaged digits', 'packet OK']],
    ['$OK#$OK#9a', ['damaged digits', 'packet OK']],
    ['$O$OK#9a', ['damaged restarted', 'packet OK']],
    ['$0*$OK#9a', ['damaged restarted', 'packet OK']],
    ['$* #4a', ['damaged run-length']],
    ['$0*#5a', ['damaged run-length']],
    ['$0*\x1f#79', ['damaged run-length']],
    ['$}#7d', ['damaged escape']],
  ])('drops %j', (text, events) => {
    expect(read(text)).toEqual(events);
  });

  it('drops a payload beyond the limit, expanded or not, and goes on', () => {
    expect(read('$abcd#8a$abc#26', true, 3)).toEqual(['damaged too-long', 'packet abc']);
    expect(read('$0*~#d8$OK#9a', true, 97)).toEqual(['damaged too-long', 'packet OK']);
  });

  it('gives the same events however the stream is cut', () => {
    const stream = toBytes('+$T05thread:01;#07$0* #7a-%Stop:T05#99$a}\x03b#43\x03$OK#9bx$O$OK#9a$m}]}\x04#43');
    const whole = show(new PacketReader({ runLength: true }).receive(stream));
    expect(whole).toHaveLength(12);
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = new PacketReader({ runLength: true });
      expect(show([...reader.receive(stream.subarray(0, cut)), ...reader.receive(stream.subarray(cut))])).toEqual(whole);
    }
    const reader = new PacketReader({ runLength: true });
    expect(show([...stream].flatMap((byte) => reader.receive(Uint8Array.of(byte))))).toEqual(whole);
  });
});

describe('framePacket', () => {
  it('writes what the manual shows', () => {
    expect(toText(framePacket('OK'))).toBe('$OK#9a');
    expect(toText(framePacket('a#b'))).toBe('$a}\x03b#43');
    expect(toText(framePacket('0000', { runLength: true }))).toBe('$0* #7a');
    expect(toText(frameNotification('Stop:T05'))).toBe('%Stop:T05#99');
  });

  const runs = fc.array(fc.tuple(fc.constantFrom(0x30, 0x23, 0x24, 0x7d, 0x2a, 0x03, 0, 0xff), fc.integer({ min: 1, max: 210 })), { maxLength: 6 });
  it.each([true, false])('is undone by PacketReader (runs shortened: %s)', (runLength) => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), runs.map((r) => Uint8Array.from(r.flatMap(([byte, n]) => Array<number>(n).fill(byte))))), (payload) => {
        const frame = framePacket(payload, { runLength });
        expect(new PacketReader({ runLength }).receive(frame)).toEqual([{ kind: 'packet', payload }]);
      }),
    );
  });

  it('never uses a count character that has another meaning', () => {
    for (let length = 1; length < 200; length++) {
      const body = toText(framePacket('0'.repeat(length), { runLength: true })).slice(1, -3);
      for (const [, count] of body.matchAll(/\*(.)/g)) expect('#$+-').not.toContain(count);
      expect(body).toMatch(/^[ -~]*$/);
    }
  });
});

describe('PacketLink', () => {
  const make = (role: 'client' | 'server'): { link: PacketLink; sent: string[] } => {
    const sent: string[] = [];
    return { link: new PacketLink({ role, send: (bytes) => sent.push(toText(bytes)), retries: 2 }), sent };
  };

  it('acknowledges good packets, asks again for damaged ones, stays silent on notifications', () => {
    const { link, sent } = make('client');
    link.receive(toBytes('$OK#9a$OK#9b%Stop:T05#99%Stop:T05#98'));
    expect(sent).toEqual(['+', '-']);
  });

  it('sends one packet at a time and again when refused, until it gives up', () => {
    const { link, sent } = make('client');
    link.sendPacket('g');
    link.sendPacket('?');
    link.receive(toBytes('-'));
    link.receive(toBytes('+'));
    expect(sent).toEqual(['$g#67', '$g#67', '$?#3f']);
    link.receive(toBytes('--'));
    expect(() => link.receive(toBytes('-'))).toThrow(GdbError);
  });

  it('stops acknowledging', () => {
    const { link, sent } = make('server');
    link.sendPacket('OK');
    link.sendPacket('0000');
    link.stopAcknowledging();
    link.receive(toBytes('$g#67$g#00-'));
    link.sendInterrupt();
    expect(sent).toEqual(['$OK#9a', '$0* #7a', '\x03']);
  });
});
