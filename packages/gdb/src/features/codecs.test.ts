import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBytes, toText } from '../codec/text.ts';
import { encodeThreadId, parseThreadId } from '../codec/thread-id.ts';
import type { ThreadId } from '../codec/thread-id.ts';
import { parseErrorReply } from '../codec/status.ts';
import { GdbError } from '../error.ts';
import {
  BREAKPOINT_KINDS, encodeBreakpointRequest, encodeEndRequest, encodeFeatures, encodeMemoryReply, encodeMemoryRequest, encodeMonitorCommand,
  encodeRegisterBytes, encodeRegisterRequest, encodeSelectThread, encodeStopReply, encodeTransferChunk, encodeTransferRead, encodeVCont,
  parseBreakpointRequest, parseEndRequest, parseFeatures, parseMemoryReply, parseMemoryRequest, parseMonitorCommand, parseMonitorReply,
  parsePlainResume, parseRegisterBytes, parseRegisterRequest, parseSelectThread, parseStopReply, parseSupportedRequest, parseThreadList,
  parseThreadsXml, parseTransferChunk, parseTransferRead, parseVCont, parseVContSupport, packetSize, sliceForTransfer,
} from '../index.ts';

const address = fc.bigInt(0n, (1n << 64n) - 1n);
const small = fc.nat(0xffff_ffff);
const bytes = fc.uint8Array({ maxLength: 40 });
const part = fc.oneof(fc.integer({ min: 1, max: 0xffff }), fc.constant('all' as const));
const thread: fc.Arbitrary<ThreadId> = fc.oneof(
  fc.record({ thread: fc.oneof(part, fc.constant('any' as const)) }),
  fc.record({ process: part, thread: fc.oneof(part, fc.constant('any' as const)) }),
);
const holds = <T>(values: fc.Arbitrary<T>, roundTrip: (value: T) => unknown): void => {
  fc.assert(
    fc.property(values, (value) => {
      expect(roundTrip(value)).toEqual(value);
    }),
  );
};

describe('packets as gdb 13 and QEMU send them', () => {
  it('features', () => {
    const request = 'qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;fork-events+;vContSupported+;no-resumed+;xmlRegisters=i386';
    expect(parseSupportedRequest(request)?.get('xmlRegisters')).toEqual({ value: 'i386' });
    expect(parseSupportedRequest('qSymbol::')).toBeUndefined();
    const reply = 'PacketSize=1000;qXfer:features:read+;vContSupported+;multiprocess+;QNonStop-;qX?';
    expect(encodeFeatures(parseFeatures(reply))).toBe(reply);
    expect(packetSize(parseFeatures(reply))).toBe(0x1000);
    expect(packetSize(parseFeatures('PacketSize=zz'))).toBeUndefined();
  });

  it('resumes', () => {
    expect(parseVCont('vCont;s:p1.1;c:p1.-1')).toEqual([
      { kind: 'step', thread: { process: 1, thread: 1 } },
      { kind: 'continue', thread: { process: 1, thread: 'all' } },
    ]);
    expect(parseVCont('vCont;r40080000,40080010:1;C05')).toEqual([
      { kind: 'range-step', start: 0x4008_0000n, end: 0x4008_0010n, thread: { thread: 1 } },
      { kind: 'continue', signal: 5 },
    ]);
    expect(parseVCont('vCont?')).toBeUndefined();
    expect(() => parseVCont('vCont;q')).toThrow(GdbError);
    expect(parseVContSupport('vCont;c;C;s;S')).toEqual(new Set(['c', 'C', 's', 'S']));
    expect(parsePlainResume('s')).toEqual({ action: { kind: 'step' } });
    expect(parsePlainResume('c40000000')).toEqual({ action: { kind: 'continue' }, from: 0x4000_0000n });
    expect(parsePlainResume('S05;80')).toEqual({ action: { kind: 'step', signal: 5 }, from: 0x80n });
  });

  it('stop replies', () => {
    expect(parseStopReply('T05thread:p01.01;core:2;20:0010004000000000;watch:40100000;')).toEqual({
      kind: 'stopped', signal: 5, thread: { process: 1, thread: 1 }, core: 2, reason: { kind: 'watch', address: 0x4010_0000n },
      registers: new Map([[0x20, Uint8Array.of(0, 0x10, 0, 0x40, 0, 0, 0, 0)]]), other: new Map(),
    });
    expect(parseStopReply('T05hwbreak:;thread:1;reason:trace;')).toMatchObject({ reason: { kind: 'hwbreak' }, other: new Map([['reason', 'trace']]) });
    expect(parseStopReply('T05replaylog:begin;')).toMatchObject({ reason: { kind: 'replaylog', end: 'begin' } });
    expect(parseStopReply('S02')).toMatchObject({ kind: 'stopped', signal: 2 });
    expect(parseStopReply('W00;process:1')).toEqual({ kind: 'exited', status: 0, process: 1 });
    expect(parseStopReply('X0b')).toEqual({ kind: 'killed', signal: 11 });
    expect(parseStopReply('N')).toEqual({ kind: 'no-resumed' });
    for (const text of ['OK', 'T5', 'T05watch', 'T05watch:zz;', 'T05thread:x;']) expect(() => parseStopReply(text)).toThrow(GdbError);
  });

  it('memory and registers', () => {
    expect(parseMemoryRequest(toBytes('m40080000,4'))).toEqual({ kind: 'read', address: 0x4008_0000n, length: 4, binary: false });
    expect(parseMemoryRequest(toBytes('Xffffffffffffffff,0:'))).toMatchObject({ kind: 'write', address: 0xffff_ffff_ffff_ffffn, data: new Uint8Array(0) });
    for (const bad of ['m', 'm1', 'mx,1', 'M0,2:00', 'M0,1:0', 'X0,1', 'm11111111111111111,1']) expect(() => parseMemoryRequest(toBytes(bad))).toThrow(GdbError);
    expect(parseMemoryRequest(toBytes('g'))).toBeUndefined();
    expect(parseRegisterRequest('P21=c5030000')).toEqual({ kind: 'write', number: 33, data: Uint8Array.of(0xc5, 3, 0, 0) });
    expect(parseRegisterBytes('00xxff')).toEqual([0, undefined, 255]);
    for (const bad of ['0', '0g', 'x0']) expect(() => parseRegisterBytes(bad)).toThrow(GdbError);
  });

  it('breakpoints', () => {
    expect(parseBreakpointRequest('Z1,40080000,4')).toEqual({ insert: true, kind: 'hardware', address: 0x4008_0000n, size: 4 });
    expect(parseBreakpointRequest('z2,1000,8')).toEqual({ insert: false, kind: 'write', address: 0x1000n, size: 8 });
    expect(parseBreakpointRequest('Z0,0,4;X3,220127')).toMatchObject({ rest: 'X3,220127' });
    expect(parseBreakpointRequest('Z5,0,4')).toBeUndefined();
  });

  it('threads, monitor, transfer, end', () => {
    expect(parseThreadList('mp01.01,p01.02')).toEqual([{ process: 1, thread: 1 }, { process: 1, thread: 2 }]);
    expect(parseThreadList('l')).toBeUndefined();
    expect(parseSelectThread('Hc-1')).toEqual({ use: 'c', thread: { thread: 'all' } });
    expect(parseThreadsXml('<?xml version="1.0"?><threads><thread id="p1.1" core="0" name="CPU#0 &lt;x&gt;"/><thread id="2">y</thread></threads>')).toEqual([
      { id: { process: 1, thread: 1 }, core: 0, name: 'CPU#0 <x>' },
      { id: { thread: 2 } },
    ]);
    expect(parseMonitorCommand('qRcmd,68656c70')).toBe('help');
    expect(parseMonitorReply(toBytes('O68690a'))).toEqual({ text: 'hi\n', done: false });
    expect(parseMonitorReply(toBytes('OK'))).toEqual({ text: '', done: true });
    expect(parseMonitorReply(toBytes('6869'))).toEqual({ text: 'hi', done: true });
    expect(parseMonitorReply(toBytes('E01'))).toBe('error');
    expect(parseTransferRead('qXfer:features:read:target.xml:0,1000')).toEqual({ object: 'features', annex: 'target.xml', offset: 0, length: 0x1000 });
    expect(parseEndRequest('D;1')).toEqual({ kind: 'detach', process: 1 });
    expect(parseEndRequest('vKill;a')).toEqual({ kind: 'kill', process: 10 });
  });

  it('errors', () => {
    expect(parseErrorReply(toBytes('E14'))).toEqual({ code: 0x14 });
    expect(parseErrorReply(toBytes('E.no such register'))).toEqual({ text: 'no such register' });
    expect(parseErrorReply(toBytes('E01;6e6f'))).toEqual({ code: 1, text: 'no' });
    expect(parseErrorReply(toBytes('E0010203'))).toBeUndefined();
  });
});

describe('each codec undoes its counterpart', () => {
  it('thread ids', () => {
    holds(thread.filter((t) => !('process' in t) || t.thread !== undefined), (t) => parseThreadId(encodeThreadId(t)));
    holds(thread, (t) => parseSelectThread(encodeSelectThread('g', t))?.thread);
  });

  it('memory', () => {
    holds(
      fc.oneof(
        fc.record({ kind: fc.constant('read' as const), address, length: small, binary: fc.boolean() }),
        fc.record({ kind: fc.constant('write' as const), address, data: bytes, binary: fc.boolean() }),
      ),
      (r) => parseMemoryRequest(encodeMemoryRequest(r)),
    );
    holds(bytes, (b) => parseMemoryReply(encodeMemoryReply(b, true), true));
    holds(bytes, (b) => parseMemoryReply(encodeMemoryReply(b, false), false));
  });

  it('registers', () => {
    holds(fc.record({ kind: fc.constant('write' as const), number: small, data: bytes }), (r) => parseRegisterRequest(encodeRegisterRequest(r)));
    holds(fc.record({ kind: fc.constant('read' as const), number: small }), (r) => parseRegisterRequest(encodeRegisterRequest(r)));
    holds(fc.array(fc.option(fc.nat(255), { nil: undefined })), (b) => parseRegisterBytes(encodeRegisterBytes(b)));
  });

  it('breakpoints, resumes, ends', () => {
    holds(fc.record({ insert: fc.boolean(), kind: fc.constantFrom(...BREAKPOINT_KINDS), address, size: small }), (b) => parseBreakpointRequest(encodeBreakpointRequest(b)));
    const signal = fc.nat(0x8f);
    const action = fc.oneof(
      fc.record({ kind: fc.constantFrom('continue' as const, 'step' as const), signal, thread }),
      fc.record({ kind: fc.constantFrom('continue' as const, 'step' as const) }),
      fc.record({ kind: fc.constant('range-step' as const), start: address, end: address, thread }),
      fc.record({ kind: fc.constant('stop' as const), thread }),
    );
    holds(fc.array(action, { minLength: 1, maxLength: 4 }), (a) => parseVCont(encodeVCont(a)));
    holds(fc.record({ kind: fc.constantFrom('detach' as const, 'kill' as const), process: fc.nat(0xffff) }), (e) => parseEndRequest(encodeEndRequest(e)));
    holds(fc.string(), (text) => parseMonitorCommand(encodeMonitorCommand(text)));
  });

  it('stop replies', () => {
    const registers = fc.array(fc.tuple(fc.nat(0xff), fc.uint8Array({ minLength: 1, maxLength: 8 })), { maxLength: 3 }).map((pairs) => new Map(pairs));
    holds(
      fc.oneof(
        fc.record({ kind: fc.constant('stopped' as const), signal: fc.nat(255), thread, core: small, registers, other: fc.constant(new Map<string, string>()),
          reason: fc.oneof(fc.record({ kind: fc.constantFrom('watch' as const, 'rwatch' as const, 'awatch' as const), address }), fc.record({ kind: fc.constantFrom('swbreak' as const, 'hwbreak' as const) })) }),
        fc.record({ kind: fc.constant('exited' as const), status: fc.nat(255), process: fc.nat(0xffff) }),
      ),
      (s) => parseStopReply(encodeStopReply(s)),
    );
  });

  it('transfers, and the parts of a document join to the whole', () => {
    holds(fc.record({ object: fc.constant('features'), annex: fc.constantFrom('', 'target.xml', 'a:b'), offset: small, length: small }), (r) => parseTransferRead(encodeTransferRead(r)));
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 9 }), (document, length) => {
        let text = '';
        for (let offset = 0; ; ) {
          const chunk = parseTransferChunk(encodeTransferChunk(sliceForTransfer(document, { object: '', annex: '', offset, length })));
          text += toText(chunk.data);
          offset += chunk.data.length;
          if (chunk.last) break;
        }
        expect(text).toBe(toText(document));
      }),
    );
  });

  it('no parser throws anything but GdbError, whatever it gets', () => {
    const parsers = [parseBreakpointRequest, parseEndRequest, parseFeatures, parsePlainResume, parseRegisterBytes, parseRegisterRequest, parseSelectThread,
      parseStopReply, parseThreadId, parseThreadList, parseThreadsXml, parseTransferRead, parseVCont, parseMonitorCommand,
      (text: string) => parseMemoryRequest(toBytes(text)), (text: string) => parseMonitorReply(toBytes(text)), (text: string) => parseErrorReply(toBytes(text))];
    const heads = fc.constantFrom('', 'm', 'M', 'X', 'x', 'P', 'G', 'p', 'Z0,', 'T05', 'T05thread:', 'vCont;', 'Hg', 'D;', 'qXfer:', '<a', '<a b="', 'E', 'qRcmd,', 'C', 's');
    fc.assert(
      fc.property(heads, fc.string({ unit: fc.constantFrom(...'0123456789abcdefp.-,:;=<>"/&#x \xff') }), (head, tail) => {
        for (const parse of parsers) {
          try {
            parse(head + tail);
          } catch (error) {
            if (!(error instanceof GdbError)) throw error;
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
