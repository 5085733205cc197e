/** ioctls of a vCPU that all architectures have. */
import { CONSTANTS } from '../abi/index.ts';
import type { MpState } from '../architecture.ts';
import { KvmError } from '../error.ts';
import type { GuestDebug, HardwareDebugRegisters } from '../guest-debug.ts';
import { badPointer, writeUser } from './argument.ts';
import type { Argument } from './argument.ts';
import { attributeHandlers, codecOf, refuse } from './context.ts';
import type { Caller, Handlers } from './context.ts';
import type { VcpuObject } from './files.ts';

const { KVM_MP_STATE, KVM_REG } = CONSTANTS;
const MP_STATES: Readonly<Record<MpState, number>> = { runnable: KVM_MP_STATE.KVM_MP_STATE_RUNNABLE, stopped: KVM_MP_STATE.KVM_MP_STATE_STOPPED, suspended: KVM_MP_STATE.KVM_MP_STATE_SUSPENDED };
/** The kernel's `sizeof(sigset_t)`. */
const SIGNAL_SET = 8;

/** Bytes of a register, by its identifier. */
const sizeOf = (id: bigint): number => 1 << Number((id & KVM_REG.KVM_REG_SIZE_MASK) >> KVM_REG.KVM_REG_SIZE_SHIFT);

function bytesOf(value: bigint, size: number, order: 'little' | 'big'): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, n) => Number((value >> BigInt(8 * n)) & 0xffn));
  return order === 'big' ? bytes.reverse() : bytes;
}
function valueOf(bytes: Uint8Array, order: 'little' | 'big'): bigint {
  return (order === 'big' ? [...bytes] : [...bytes].reverse()).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function getOneReg<A>({ abi, memory }: Caller<A>, { vcpu }: VcpuObject<A>, argument: Argument): number {
  const codec = codecOf(abi, 'kvm_one_reg');
  const { oneRegisters } = vcpu;
  const { id, addr } = codec.decode(argument.read(codec.size));
  writeUser(memory, addr, bytesOf(oneRegisters.get(id), sizeOf(id), abi.byteOrder));
  return 0;
}

function setOneReg<A>({ abi, memory }: Caller<A>, { vcpu }: VcpuObject<A>, argument: Argument): number {
  const codec = codecOf(abi, 'kvm_one_reg');
  const { oneRegisters } = vcpu;
  const { id, addr } = codec.decode(argument.read(codec.size));
  const bytes = memory.read(addr, sizeOf(id));
  if (!bytes) {
    // Whether there is such a register is looked at before the pointer.
    oneRegisters.get(id);
    return badPointer(addr, sizeOf(id));
  }
  oneRegisters.set(id, valueOf(bytes, abi.byteOrder));
  return 0;
}

/** `n` is written in any case, so that the caller knows how much room to make. */
function getRegList<A>({ abi }: Caller<A>, { vcpu }: VcpuObject<A>, argument: Argument): number {
  const codec = codecOf(abi, 'kvm_reg_list');
  const list = vcpu.oneRegisters.list();
  const { n } = codec.decode(argument.read(codec.size));
  argument.write(codec.encode({ n: BigInt(list.length) }));
  if (n < BigInt(list.length)) refuse('E2BIG', `room for ${n} identifiers`, `there are ${list.length}`, 'make room for as many as n says now');
  if (list.length > 0) argument.write(codec.encode({ reg: list }).subarray(codec.size), codec.size);
  return 0;
}

/** A core has fewer debug registers than the structure; the rest of it means nothing. */
function withinCore(debug: GuestDebug, counts: { readonly breakpoints: number; readonly watchpoints: number }): GuestDebug {
  if (!debug.hardware) return debug;
  const { bcr, bvr, wcr, wvr } = debug.hardware;
  const { breakpoints, watchpoints } = counts;
  const hardware: HardwareDebugRegisters = { bcr: bcr.slice(0, breakpoints), bvr: bvr.slice(0, breakpoints), wcr: wcr.slice(0, watchpoints), wvr: wvr.slice(0, watchpoints) };
  return { ...debug, hardware };
}

export function vcpuHandlers<A>(): Handlers<A, VcpuObject<A>> {
  return {
    ...attributeHandlers<A, VcpuObject<A>>(({ vcpu }) => vcpu.backend.attributes),
    KVM_RUN({ runner }, target, { value }) {
      if (value !== 0n) refuse('EINVAL', `argument ${value}`, 'KVM_RUN takes none', 'pass 0');
      return runner.run(target);
    },
    KVM_GET_ONE_REG: getOneReg,
    KVM_SET_ONE_REG: setOneReg,
    KVM_GET_REG_LIST: getRegList,
    KVM_GET_MP_STATE({ abi }, { vcpu }, argument) {
      argument.write(codecOf(abi, 'kvm_mp_state').encode({ mp_state: MP_STATES[vcpu.mpState] }));
      return 0;
    },
    KVM_SET_MP_STATE({ abi }, target, argument) {
      const codec = codecOf(abi, 'kvm_mp_state');
      const { mp_state: number } = codec.decode(argument.read(codec.size));
      const state = (Object.keys(MP_STATES) as MpState[]).find((name) => MP_STATES[name] === number);
      if (!state) return refuse('EINVAL', `state ${number}`, `a vCPU is ${Object.entries(MP_STATES).map(([name, n]) => `${name} (${n})`).join(', ')}`, 'pass one of them');
      target.vcpu.mpState = state;
      target.idle = undefined;
      return 0;
    },
    KVM_SET_GUEST_DEBUG({ abi, kvm }, { vcpu }, argument) {
      const codec = codecOf(abi, 'kvm_guest_debug');
      vcpu.setGuestDebug(withinCore(abi.guestDebug(argument.read(codec.size)), kvm.architecture.capabilities));
      return 0;
    },
    KVM_SET_SIGNAL_MASK({ abi }, target, argument) {
      // A null pointer takes the mask away (api.rst 4.19).
      if (argument.value === 0n) {
        target.signalMask = undefined;
        return 0;
      }
      const codec = codecOf(abi, 'kvm_signal_mask');
      const { len } = codec.decode(argument.read(codec.size));
      if (len !== SIGNAL_SET) throw new KvmError('EINVAL', { value: `a signal set of ${len} bytes`, rule: `it has ${SIGNAL_SET}`, remedy: 'pass the kernel\'s, not the C library\'s' });
      target.signalMask = argument.read(SIGNAL_SET, codec.size);
      return 0;
    },
  };
}
