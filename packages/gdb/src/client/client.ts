import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import type { ByteOrder, IntegerSize } from '@worldswitch/bits';
import { expectAnswer, expectOk } from '../codec/status.ts';
import type { Payload } from '../codec/text.ts';
import { toText } from '../codec/text.ts';
import type { ThreadId } from '../codec/thread-id.ts';
import { GdbError } from '../error.ts';
import { encodeEndRequest, START_NO_ACK, STOP_REASON } from '../features/attachment.ts';
import type { Breakpoint } from '../features/breakpoints.ts';
import { encodeBreakpointRequest } from '../features/breakpoints.ts';
import { encodeMemoryRequest, parseMemoryReply } from '../features/memory.ts';
import { encodeMonitorCommand, parseMonitorReply } from '../features/monitor.ts';
import { encodeRegisterRequest, parseRegisterBytes } from '../features/registers.ts';
import type { ResumeAction } from '../features/resume.ts';
import { encodePlainResume, encodeVCont, parseVContSupport } from '../features/resume.ts';
import { parseStopReply } from '../features/stop-reply.ts';
import type { StopReply } from '../features/stop-reply.ts';
import type { FeatureSet } from '../features/supported.ts';
import { encodeSupportedRequest, packetSize, parseFeatures } from '../features/supported.ts';
import { findRegister, readTargetDescription } from '../features/target-description.ts';
import type { TargetDescription, TargetRegister } from '../features/target-description.ts';
import type { SelectFor, ThreadInfo } from '../features/threads.ts';
import { encodeSelectThread, parseCurrentThread, parseThreadList, parseThreadsXml } from '../features/threads.ts';
import { encodeTransferRead, parseTransferChunk } from '../features/transfer.ts';
import { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection.ts';

/** How a client talks to its target. */
export interface ClientOptions extends ConnectionOptions {
  /** Byte order of registers; by the description's architecture when left out (PowerPC big, otherwise little). */
  readonly byteOrder?: ByteOrder;
  /** Features to offer besides this client's own. */
  readonly features?: FeatureSet;
  /** Do not turn acknowledgements off even if the target offers it: for a line that loses bytes. */
  readonly keepAcknowledgements?: boolean;
}

/** What this client understands in replies. */
const OWN_FEATURES: FeatureSet = new Map([['multiprocess', true], ['swbreak', true], ['hwbreak', true], ['vContSupported', true], ['error-message', true]]);

/** A packet's size when the target gives none: what gdb assumes. */
const DEFAULT_PACKET_SIZE = 400;

/** Most bytes of one qXfer object (a target description with its system registers takes some 100 KB). */
const MAX_OBJECT = 1 << 24;

/**
 * The client half of the GDB remote protocol: what a debugger does. It does no I/O; hand it `send`, and feed {@link receive}.
 * Every method rejects with a {@link GdbError}: `unsupported` when the target lacks the feature, `target` for its errors.
 */
export class GdbClient {
  readonly connection: Connection;
  private readonly options: ClientOptions;
  private offered: FeatureSet = new Map();
  private described: Promise<TargetDescription> | undefined;
  private resumeForms: Set<string> | undefined;
  private current: ThreadId | undefined;

  constructor(options: ClientOptions) {
    this.options = options;
    this.connection = new Connection(options);
  }

  /** Takes bytes from the target. */
  receive(bytes: Uint8Array): void {
    this.connection.receive(bytes);
  }

  /** What the target offers; empty before {@link start}. */
  get features(): FeatureSet {
    return this.offered;
  }

  /** Exchanges features and turns acknowledgements off where offered. First call on a new connection. */
  async start(): Promise<FeatureSet> {
    const reply = await this.connection.request(encodeSupportedRequest(new Map([...OWN_FEATURES, ...(this.options.features ?? [])])));
    this.offered = parseFeatures(toText(reply));
    if (this.offered.get(START_NO_ACK) === true && this.options.keepAcknowledgements !== true) {
      expectOk(await this.connection.request(START_NO_ACK), START_NO_ACK);
      this.connection.stopAcknowledging();
    }
    return this.offered;
  }

  /** Any request, for packets without a method here; the reply as text, errors as rejections. */
  async call(payload: Payload): Promise<string> {
    return toText(expectAnswer(await this.connection.request(payload), typeof payload === 'string' ? payload : toText(payload)));
  }

  /** A whole qXfer object, in as many parts as it takes. */
  async readObject(object: string, annex = ''): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let offset = 0;
    const length = this.chunk(1);
    for (;;) {
      const request = encodeTransferRead({ object, annex, offset, length });
      const part = parseTransferChunk(expectAnswer(await this.connection.request(request), request));
      parts.push(part.data);
      offset += part.data.length;
      if (part.last) break;
      if (part.data.length === 0 || offset > MAX_OBJECT) {
        throw new GdbError('protocol', `${object}:${annex} at ${offset}: a part that is not the last holds data, and all of them at most ${MAX_OBJECT} bytes. The stub's qXfer is at fault`);
      }
    }
    const whole = new Uint8Array(offset);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** The target description; fetched once. */
  targetDescription(): Promise<TargetDescription> {
    this.described ??= readTargetDescription(async (annex) => new TextDecoder().decode(await this.readObject('features', annex)));
    return this.described;
  }

  /** Replaces the description, for a target that has none. */
  assumeDescription(description: TargetDescription): void {
    this.described = Promise.resolve(description);
  }

  /** The registers of the `g` packet by name, as unsigned numbers. Those it leaves out or marks unavailable are absent. */
  async readRegisters(): Promise<Map<string, bigint>> {
    const description = await this.targetDescription();
    const bytes = parseRegisterBytes(await this.call(encodeRegisterRequest({ kind: 'read-all' })));
    const order = this.byteOrder(description);
    const values = new Map<string, bigint>();
    for (const register of description.registers) {
      const value = toNumber(bytes.slice(register.offset, register.offset + byteSize(register)), byteSize(register), order);
      if (value !== undefined) values.set(register.name, value);
    }
    return values;
  }

  /** One register, by name. Undefined when the target says that it is not available. */
  async readRegister(name: string): Promise<bigint | undefined> {
    const description = await this.targetDescription();
    const register = findRegister(description, name);
    const text = await this.call(encodeRegisterRequest({ kind: 'read', number: register.number }));
    return toNumber(parseRegisterBytes(text), byteSize(register), this.byteOrder(description));
  }

  /** Writes one register; a value that is too wide is refused here, before anything is sent. */
  async writeRegister(name: string, value: bigint): Promise<void> {
    const description = await this.targetDescription();
    const register = findRegister(description, name);
    const data = toRegisterBytes(register, value, this.byteOrder(description));
    const request = encodeRegisterRequest({ kind: 'write', number: register.number, data });
    expectOk(await this.connection.request(request), request);
  }

  /** Writes the whole register block as `g` gave it (`G`): `change` gets its bytes and may alter them. */
  async writeRegisters(change: (bytes: Uint8Array, description: TargetDescription) => void): Promise<void> {
    const bytes = parseRegisterBytes(await this.call(encodeRegisterRequest({ kind: 'read-all' })));
    const data = Uint8Array.from(bytes, (byte) => byte ?? 0);
    change(data, await this.targetDescription());
    expectOk(await this.connection.request(encodeRegisterRequest({ kind: 'write-all', data })), 'G');
  }

  /** Memory as the selected thread sees it. All of it or a rejection that names where it ends. */
  async readMemory(address: bigint, length: number): Promise<Uint8Array> {
    const binary = this.offered.get('binary-upload') === true;
    const memory = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const request = encodeMemoryRequest({ kind: 'read', address: address + BigInt(done), length: Math.min(this.chunk(2), length - done), binary });
      const part = parseMemoryReply(expectAnswer(await this.connection.request(request), toText(request)), binary).subarray(0, length - done);
      if (part.length === 0) throw new GdbError('target', `${toText(request)}: the target returns no bytes. Read less`);
      memory.set(part, done);
      done += part.length;
    }
    return memory;
  }

  /** Writes memory, in binary where the target takes it. Parts written before a rejection stay written. */
  async writeMemory(address: bigint, data: Uint8Array): Promise<void> {
    const size = this.chunk(2);
    for (let done = 0; done < data.length; done += size) {
      const part = data.subarray(done, done + size);
      const at = address + BigInt(done);
      const name = `write of ${part.length} bytes at 0x${at.toString(16)}`;
      let reply = await this.connection.request(encodeMemoryRequest({ kind: 'write', address: at, data: part, binary: true }), name);
      if (reply.length === 0) reply = await this.connection.request(encodeMemoryRequest({ kind: 'write', address: at, data: part, binary: false }), name);
      expectOk(reply, name);
    }
  }

  /** Sets a breakpoint or watchpoint. */
  async insertBreakpoint(breakpoint: Breakpoint): Promise<void> {
    const request = encodeBreakpointRequest({ ...breakpoint, insert: true });
    expectOk(await this.connection.request(request), request);
  }

  /** Removes what {@link insertBreakpoint} set; the same kind, address and size. */
  async removeBreakpoint(breakpoint: Breakpoint): Promise<void> {
    const request = encodeBreakpointRequest({ ...breakpoint, insert: false });
    expectOk(await this.connection.request(request), request);
  }

  /** Why the target is stopped. */
  async stopReason(): Promise<StopReply> {
    return this.remember(parseStopReply(await this.call(STOP_REASON)));
  }

  /** One instruction of one thread (the one that stopped last when left out); the others stay where they are. */
  step(thread?: ThreadId): Promise<StopReply> {
    const which = thread ?? this.current;
    return this.resume([{ kind: 'step', ...(which === undefined ? {} : { thread: which }) }]);
  }

  /** All threads, until something stops one; see {@link interrupt}. */
  continue(): Promise<StopReply> {
    return this.resume([{ kind: 'continue' }]);
  }

  /** Resumes with one action per thread; by vCont, or by a plain packet where the target has no vCont and the action allows it. */
  async resume(actions: readonly ResumeAction[]): Promise<StopReply> {
    this.resumeForms ??= parseVContSupport(toText(await this.connection.request('vCont?')));
    if (this.resumeForms.size > 0) return this.remember(await this.connection.resume(encodeVCont(actions)));
    const plain = actions.length === 1 ? encodePlainResume(actions[0]) : undefined;
    if (plain === undefined) {
      throw new GdbError('unsupported', `${encodeVCont(actions)}: the target has no vCont, and c, s, C and S cannot say this. Resume one thread with continue or step`);
    }
    const thread = actions[0].thread;
    if (thread !== undefined) await this.selectThread('c', thread);
    return this.remember(await this.connection.resume(plain));
  }

  /** Stops a running target: the pending resume resolves. False when it is not running. */
  interrupt(): boolean {
    return this.connection.interrupt();
  }

  /** The thread that registers and memory (`g`) or plain resumes (`c`) mean from now on. */
  async selectThread(use: SelectFor, thread: ThreadId): Promise<void> {
    const request = encodeSelectThread(use, thread);
    expectOk(await this.connection.request(request), request);
  }

  /** True if the thread exists. */
  async isAlive(thread: ThreadId): Promise<boolean> {
    return toText(await this.connection.request(encodeSelectThread('g', thread).replace('Hg', 'T'))) === 'OK';
  }

  /** The thread the target means when none is named. */
  async currentThread(): Promise<ThreadId> {
    return parseCurrentThread(await this.call('qC'));
  }

  /** All threads; with names and cores where the target offers qXfer:threads. */
  async threads(): Promise<ThreadInfo[]> {
    if (this.offered.get('qXfer:threads:read') === true) return parseThreadsXml(new TextDecoder().decode(await this.readObject('threads')));
    const threads: ThreadInfo[] = [];
    for (let list = parseThreadList(await this.call('qfThreadInfo')); list !== undefined; list = parseThreadList(await this.call('qsThreadInfo'))) {
      threads.push(...list.map((id) => ({ id })));
    }
    return threads;
  }

  /** Runs a command of the target's own (gdb's `monitor`) and resolves with all its output. */
  async monitor(command: string): Promise<string> {
    let output = '';
    let last: Uint8Array = new Uint8Array(0);
    await this.connection.requestSeries(encodeMonitorCommand(command), (reply) => {
      last = reply;
      const part = parseMonitorReply(reply);
      if (part === 'error') return true;
      output += part.text;
      return part.done;
    }, `monitor ${command}`);
    expectAnswer(last, `monitor ${command}`);
    return output;
  }

  /** Lets the target go on without a debugger; the connection is over. A multiprocess target needs the process: the current one when left out. */
  async detach(process?: number): Promise<void> {
    const current = this.current?.process;
    const which = process ?? (typeof current === 'number' ? current : undefined);
    const request = encodeEndRequest({ kind: 'detach', ...(which === undefined ? {} : { process: which }) });
    expectOk(await this.connection.request(request), request);
    this.connection.close('the client has detached');
  }

  /** Ends the target; the connection is over. Nothing tells whether it worked. */
  kill(): void {
    this.connection.sendUnanswered(encodeEndRequest({ kind: 'kill' }));
    this.connection.close('the client has killed the target');
  }

  private remember(stop: StopReply): StopReply {
    if (stop.kind === 'stopped') this.current = stop.thread ?? this.current;
    return stop;
  }

  /** Bytes of content that fit one packet at `width` characters each: a request's own text and framing take under 40. */
  private chunk(width: number): number {
    return Math.max(16, Math.floor(((packetSize(this.offered) ?? DEFAULT_PACKET_SIZE) - 40) / width));
  }

  private byteOrder(description: TargetDescription): ByteOrder {
    return this.options.byteOrder ?? (/^(powerpc|rs6000)/.test(description.architecture ?? '') ? 'big' : 'little');
  }
}

function byteSize(register: TargetRegister): number {
  return Math.ceil(register.bitSize / 8);
}

/** Register bytes as a number; undefined when one is missing. */
function toNumber(bytes: readonly (number | undefined)[], size: number, order: ByteOrder): bigint | undefined {
  if (bytes.length < size || bytes.includes(undefined)) return undefined;
  const known = bytes.slice(0, size).map((byte) => byte ?? 0);
  if (isIntegerSize(size)) return readUnsigned(Uint8Array.from(known), 0, size, order);
  const high = order === 'big' ? known : known.reverse();
  return high.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function toRegisterBytes(register: TargetRegister, value: bigint, order: ByteOrder): Uint8Array {
  const size = byteSize(register);
  if (value < 0n || value >= 1n << BigInt(register.bitSize)) {
    throw new GdbError('state', `${register.name} = ${value}: the register has ${register.bitSize} bits. Pass an unsigned value that fits`);
  }
  const bytes = new Uint8Array(size);
  if (isIntegerSize(size)) {
    writeUnsigned(bytes, 0, size, value, order);
    return bytes;
  }
  for (let i = 0; i < size; i++) bytes[order === 'little' ? i : size - 1 - i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

function isIntegerSize(size: number): size is IntegerSize {
  return size === 1 || size === 2 || size === 4 || size === 8 || size === 16;
}
