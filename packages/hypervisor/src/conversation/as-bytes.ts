/** Calls of the typed layer as the ioctls they stand for, with descriptors as a program would have them. */
import { CONSTANTS, ERRNO, requestOf, structCodec } from '../abi/index.ts';
import type { ErrnoName, IoctlName, StructAbi, StructName, StructValue } from '../abi/index.ts';
import type { Plain } from '@worldswitch/machine';
import { EXIT_REASON, SYSTEM_EVENT } from '../exits.ts';
import { GUEST_DEBUG_CONTROL } from '../guest-debug.ts';
import type { ByteCall, Conversation, MemoryBytes, RecordedIoctl, TypedCall } from './conversation.ts';

/** A call that no ioctl stands for. */
export interface Note {
  readonly call: 'note';
  readonly text: string;
}

const BUFFER = 0x7e00_0000_0000n;
const RUN_SIZE = 2352;
type Values = Readonly<Record<string, Plain>>;

/** What a typed call looks like in bytes. */
interface Shape {
  readonly name: IoctlName;
  readonly value?: bigint;
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
  readonly reads?: readonly MemoryBytes[];
  readonly writes?: readonly MemoryBytes[];
}

class Translator {
  readonly #conversation: Conversation;
  readonly #out: (ByteCall | Note)[] = [];
  readonly #fds = new Map<string, number>();
  #next = 3;
  #mappings = 0;
  readonly #runs = new Map<string, Uint8Array>();

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  all(): readonly (ByteCall | Note)[] {
    for (const call of this.#conversation.calls) {
      if (call.call === 'typed') this.#typed(call);
      else this.#out.push(call);
    }
    return this.#out;
  }

  #typed(call: TypedCall): void {
    if (!this.#fds.has('kvm')) {
      this.#fds.set('kvm', this.#next);
      this.#out.push({ call: 'open', path: '/dev/kvm', result: this.#next++ });
    }
    const shape = this.#shape(call);
    if (!shape) {
      const parameters = call.arguments.map((one) => (typeof one === 'bigint' ? `0x${one.toString(16)}` : typeof one === 'object' ? '…' : String(one)));
      this.#out.push({ call: 'note', text: `${call.target}.${call.method}(${parameters.join(', ')}): no ioctl stands for it` });
      return;
    }
    const { name, value = 0n, before, after, reads = [], writes = [] } = shape;
    const fd = this.#fds.get(call.target.replace('.oneRegisters', '')) ?? -1;
    const request = requestOf(name, this.#conversation) ?? 0;
    const run = name === 'KVM_RUN' ? this.#runOf(call) : undefined;
    const refused = 'errno' in call.result;
    const recorded: RecordedIoctl = {
      call: 'ioctl', fd, request, name, reads, writes: refused ? [] : writes, result: this.#resultOf(call), ...(run && { run }),
      argument: before ? { before, after: after ?? this.#withDescriptor(call, before) } : { value },
    };
    this.#out.push(recorded);
    if (!refused) this.#made(call);
  }

  #resultOf({ method, result }: TypedCall): number {
    if ('errno' in result) return -ERRNO[result.errno as ErrnoName];
    if (method === 'createVm' || method === 'createVcpu') return this.#next;
    const { value } = result;
    if (method === 'run') return exitOf(value).kind === 'interrupted' || exitOf(value).kind === 'idle' ? -ERRNO.EINTR : 0;
    return method === 'call' && Array.isArray(value) ? Number(value[0]) : method === 'checkExtension' ? Number(value) : 0;
  }

  /** Objects that were made get the next descriptor; a vCPU is mapped at once. */
  #made({ target, method, arguments: parameters }: TypedCall): void {
    const kind = { createVm: 'vm', createVcpu: 'vcpu', createDevice: 'device' }[method];
    if (kind === undefined) return;
    const prefix = target === 'kvm' ? kind : `${target}.${kind}`;
    const n = kind === 'vcpu' ? String(Number(parameters[0])) : String([...this.#fds.keys()].filter((one) => one.startsWith(prefix) && !one.slice(prefix.length).includes('.')).length);
    const fd = this.#next++;
    this.#fds.set(prefix + n, fd);
    if (kind === 'vcpu') this.#out.push({ call: 'mmap', fd, length: 4096, offset: 0, mapping: this.#mappings++, result: 0 });
  }
  #withDescriptor({ method, result }: TypedCall, before: Uint8Array): Uint8Array {
    const after = before.slice();
    if (method === 'createDevice' && 'value' in result) new DataView(after.buffer).setInt32(4, this.#next, this.#conversation.byteOrder === 'little');
    return after;
  }

  #struct<S extends StructName<StructAbi>>(name: S, values: Partial<StructValue<StructAbi, S>>): Uint8Array {
    return structCodec<StructAbi, S>(this.#conversation.structs, name, this.#conversation.byteOrder).encode(values);
  }
  #bytes(value: bigint, size: number): Uint8Array {
    const bytes = Uint8Array.from({ length: size }, (_, n) => Number((value >> BigInt(8 * n)) & 0xffn));
    return this.#conversation.byteOrder === 'big' ? bytes.reverse() : bytes;
  }

  #shape({ target, method, arguments: parameters, result }: TypedCall): Shape | undefined {
    const [first, second, third] = parameters;
    const value = 'value' in result ? result.value : undefined;
    const name = `${target.endsWith('.oneRegisters') ? 'oneRegisters.' : ''}${method}`;
    switch (name) {
      case 'checkExtension': return { name: 'KVM_CHECK_EXTENSION', value: BigInt(Number(first)) };
      case 'createVm': return { name: 'KVM_CREATE_VM', value: typeof first === 'bigint' ? first : 0n };
      case 'createVcpu': return { name: 'KVM_CREATE_VCPU', value: BigInt(Number(first)) };
      case 'setMemoryRegion': return { name: 'KVM_SET_USER_MEMORY_REGION', before: this.#region(first as Values) };
      case 'irqLine': return { name: 'KVM_IRQ_LINE', before: this.#struct('kvm_irq_level', { irq: Number(first), level: second === true ? 1 : 0 }) };
      case 'createDevice': return { name: 'KVM_CREATE_DEVICE', before: this.#struct('kvm_create_device', { type: Number(first) }) };
      case 'testDevice': return { name: 'KVM_CREATE_DEVICE', before: this.#struct('kvm_create_device', { type: Number(first), flags: CONSTANTS.KVM_CREATE_DEVICE.KVM_CREATE_DEVICE_TEST }) };
      case 'enableCapability': {
        const { flags = 0, args = [] } = (second ?? {}) as { flags?: number; args?: readonly bigint[] };
        return { name: 'KVM_ENABLE_CAP', before: this.#struct('kvm_enable_cap', { cap: Number(first), flags, args }) };
      }
      case 'takeDirtyLog': {
        const writes = value instanceof Uint8Array ? [{ address: BUFFER, bytes: value }] : [];
        return { name: 'KVM_GET_DIRTY_LOG', before: this.#struct('kvm_dirty_log', { slot: Number(first), dirty_bitmap: BUFFER }), writes };
      }
      case 'hasAttribute': return { name: 'KVM_HAS_DEVICE_ATTR', before: this.#attribute(first, second) };
      case 'getAttribute': return { name: 'KVM_GET_DEVICE_ATTR', before: this.#attribute(first, second), writes: value instanceof Uint8Array ? [{ address: BUFFER, bytes: value }] : [] };
      case 'setAttribute': return { name: 'KVM_SET_DEVICE_ATTR', before: this.#attribute(first, second), reads: third instanceof Uint8Array ? [{ address: BUFFER, bytes: third }] : [] };
      case 'initialise': return { name: 'KVM_ARM_VCPU_INIT', before: this.#init(Array.isArray(first) ? first.map((one) => (typeof one === 'string' ? one : '')) : []) };
      case 'run': return { name: 'KVM_RUN' };
      case 'mpState': return this.#mpState(first, value);
      case 'setGuestDebug': return { name: 'KVM_SET_GUEST_DEBUG', before: this.#guestDebug(first as Values) };
      case 'call': {
        const after = (value as readonly Plain[] | undefined)?.[1];
        return { name: first as IoctlName, before: second as Uint8Array, ...(after instanceof Uint8Array && { after }) };
      }
      case 'oneRegisters.get':
      case 'oneRegisters.set': return this.#oneRegister(method, first as bigint, method === 'get' ? value : second);
      default: return undefined;
    }
  }

  #region({ slot, guestAddress, size, hostAddress, readOnly, logDirtyPages }: Values): Uint8Array {
    const flags = (logDirtyPages === true ? CONSTANTS.KVM_MEM.KVM_MEM_LOG_DIRTY_PAGES : 0) | (readOnly === true ? CONSTANTS.KVM_MEM.KVM_MEM_READONLY : 0);
    return this.#struct('kvm_userspace_memory_region', {
      slot: Number(slot), flags, guest_phys_addr: guestAddress as bigint, memory_size: size as bigint, userspace_addr: hostAddress as bigint,
    });
  }
  #attribute(group: Plain, attribute: Plain): Uint8Array {
    return this.#struct('kvm_device_attr', { group: Number(group), attr: attribute as bigint, addr: BUFFER });
  }
  #oneRegister(method: string, id: bigint, value: Plain | undefined): Shape {
    const before = this.#struct('kvm_one_reg', { id, addr: BUFFER });
    const size = 1 << Number((id >> 52n) & 15n);
    const there = typeof value === 'bigint' ? [{ address: BUFFER, bytes: this.#bytes(value, size) }] : [];
    return method === 'get' ? { name: 'KVM_GET_ONE_REG', before, writes: there } : { name: 'KVM_SET_ONE_REG', before, reads: there };
  }
  #mpState(wanted: Plain | undefined, found: Plain | undefined): Shape {
    const { KVM_MP_STATE } = CONSTANTS;
    const number = (state: Plain | undefined): number =>
      (state === 'stopped' ? KVM_MP_STATE.KVM_MP_STATE_STOPPED : state === 'suspended' ? KVM_MP_STATE.KVM_MP_STATE_SUSPENDED : KVM_MP_STATE.KVM_MP_STATE_RUNNABLE);
    if (wanted !== undefined) return { name: 'KVM_SET_MP_STATE', before: this.#struct('kvm_mp_state', { mp_state: number(wanted) }) };
    return { name: 'KVM_GET_MP_STATE', before: new Uint8Array(4), after: this.#struct('kvm_mp_state', { mp_state: number(found) }) };
  }
  /** The generic target; features by their names in the header, less the prefix. */
  #init(features: readonly string[]): Uint8Array {
    const bits = CONSTANTS.KVM_ARM_VCPU_features as Readonly<Record<string, number>>;
    const word = features.reduce((all, feature) => all | (1 << (bits[`KVM_ARM_VCPU_${feature.replace(/[-.]/g, '_').toUpperCase()}`] ?? 31)), 0) >>> 0;
    return structCodec('arm64', 'kvm_vcpu_init', this.#conversation.byteOrder).encode({ target: CONSTANTS.KVM_ARM_TARGET.KVM_ARM_TARGET_GENERIC_V8, features: [word] });
  }
  #guestDebug({ enable, singleStep, softwareBreakpoints, hardware }: Values): Uint8Array {
    const { enable: on, singleStep: step, softwareBreakpoints: soft, hardware: hard } = GUEST_DEBUG_CONTROL;
    const control = enable === true ? on | (singleStep === true ? step : 0) | (softwareBreakpoints === true ? soft : 0) | (hardware ? hard : 0) : 0;
    const { bcr = [], bvr = [], wcr = [], wvr = [] } = (hardware ?? {}) as Readonly<Partial<Record<'bcr' | 'bvr' | 'wcr' | 'wvr', readonly bigint[]>>>;
    return structCodec('arm64', 'kvm_guest_debug', this.#conversation.byteOrder).encode({ control, ...(enable === true && { arch: { dbg_bcr: bcr, dbg_bvr: bvr, dbg_wcr: wcr, dbg_wvr: wvr } }) });
  }

  /** `kvm_run` before and after a run, as far as the exit says it. */
  #runOf({ target, arguments: parameters, answer, result }: TypedCall): NonNullable<RecordedIoctl['run']> {
    const codec = structCodec<StructAbi, 'kvm_run'>(this.#conversation.structs, 'kvm_run', this.#conversation.byteOrder);
    const known = this.#runs.get(target) ?? new Uint8Array(RUN_SIZE);
    const immediate = (parameters[0] as Values | undefined)?.['immediateExit'] === true;
    const changed = [{ offset: 1, bytes: Uint8Array.of(immediate ? 1 : 0) }, ...(answer instanceof Uint8Array ? [{ offset: 40, bytes: answer }] : [])];
    const after = known.slice();
    for (const { offset, bytes } of changed) after.set(bytes, offset);
    if ('value' in result && !immediate) {
      const exit = exitOf(result.value);
      const fields = fieldsOf(exit);
      after.fill(0, 32, 288);
      codec.assign(after, { exit_reason: EXIT_REASON[exit.kind === 'idle' || exit.kind === 'stop' ? 'interrupted' : exit.kind as keyof typeof EXIT_REASON], ...fields });
    }
    this.#runs.set(target, after);
    return { changed, after };
  }
}

interface PlainExit {
  readonly kind: string;
  readonly [field: string]: Plain;
}
const exitOf = (value: Plain): PlainExit => value as PlainExit;

function fieldsOf(exit: PlainExit): Partial<StructValue<StructAbi, 'kvm_run'>> {
  switch (exit.kind) {
    case 'mmio': return { 'mmio.phys_addr': exit['address'] as bigint, 'mmio.len': Number(exit['length']), 'mmio.is_write': exit['write'] === true ? 1 : 0, 'mmio.data': exit['data'] as Uint8Array };
    case 'system-event': return { 'system_event.type': SYSTEM_EVENT[exit['event'] as keyof typeof SYSTEM_EVENT], 'system_event.ndata': 1, 'system_event.data': [exit['flags'] as bigint] };
    case 'hypercall': return { 'hypercall.nr': exit['number'] as bigint };
    case 'no-syndrome': return { 'arm_nisv.esr_iss': exit['syndrome'] as bigint, 'arm_nisv.fault_ipa': exit['address'] as bigint };
    default: return {};
  }
}

/** The calls of the byte layer as they are, those of the typed layer as ioctls, or as notes. */
export function asBytes(conversation: Conversation): readonly (ByteCall | Note)[] {
  return new Translator(conversation).all();
}
