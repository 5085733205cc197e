/** ioctls of arm64 that set up a vCPU or look at what is pending for it. */
import type { ByteOrder } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { ArchitectureCall } from '@worldswitch/hypervisor';
import { CONSTANTS, structCodec } from '@worldswitch/hypervisor/abi';
import { arm64Vm } from '../backends.ts';
import type { Arm64DebugExit } from '../exits/context.ts';
import { VCPU_FEATURES, featuresOf } from '../features.ts';
import { writableMasks } from '../one-reg/writable-masks.ts';
import { initialisedVcpu } from './events.ts';

type Call = ArchitectureCall<Arm64DebugExit>;

const { KVM_ARM_TARGET_GENERIC_V8, KVM_ARM_TARGET_CORTEX_A53, KVM_ARM_TARGET_CORTEX_A57 } = CONSTANTS.KVM_ARM_TARGET;

/** Cores that had targets of their own before there was a generic one, by Implementer and PartNum of MIDR_EL1. */
const CORE_TARGETS: ReadonlyMap<bigint, number> = new Map([[0x41d03n, KVM_ARM_TARGET_CORTEX_A53], [0x41d07n, KVM_ARM_TARGET_CORTEX_A57]]);

/** MIDR_EL1: Implementer 31:24, PartNum 15:4. */
const coreOf = (midr: bigint): bigint => ((midr >> 24n) << 12n) | ((midr >> 4n) & 0xfffn);

function refuse(errno: 'EINVAL' | 'EFAULT', value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

/** Documentation/virt/kvm/api.rst 4.83: always the generic target, and no features that it would need. */
function preferredTarget(order: ByteOrder): Call {
  const init = structCodec('arm64', 'kvm_vcpu_init', order);
  return {
    name: 'KVM_ARM_PREFERRED_TARGET',
    run(_, argument) {
      argument.set(init.encode({ target: KVM_ARM_TARGET_GENERIC_V8 }));
      return 0;
    },
  };
}

/** api.rst 4.82. Throws `KvmError` EINVAL (target, features that the host lacks or that others of the VM do not have), ENOENT (no such feature). */
function vcpuInit(order: ByteOrder): Call {
  const init = structCodec('arm64', 'kvm_vcpu_init', order);
  return {
    name: 'KVM_ARM_VCPU_INIT',
    run(target, argument) {
      const { target: wanted, features } = init.decode(argument);
      const own = CORE_TARGETS.get(coreOf(arm64Vm(target.vm).registers.host('MIDR_EL1')));
      if (wanted !== KVM_ARM_TARGET_GENERIC_V8 && wanted !== own) {
        refuse('EINVAL', `target ${wanted}`, `the host's are ${KVM_ARM_TARGET_GENERIC_V8} (generic)${own === undefined ? '' : ` and ${own}`}`, 'ask with KVM_ARM_PREFERRED_TARGET');
      }
      const { vcpu = refuse('EINVAL', 'a VM', 'the call is one on a vCPU', 'make it there') } = target;
      const names = featuresOf(features);
      if (target.initialise) target.initialise(names);
      else vcpu.initialise(names);
      return 0;
    },
  };
}

/** api.rst 4.117: an `int`, the number of a feature. Throws `KvmError` ENOEXEC, EINVAL, EPERM. */
function vcpuFinalize(order: ByteOrder): Call {
  return {
    name: 'KVM_ARM_VCPU_FINALIZE',
    run(target, argument) {
      const vcpu = initialisedVcpu(target.vcpu, target.initialised);
      const bit = new DataView(argument.buffer, argument.byteOffset, 4).getInt32(0, order === 'little');
      const [name = `number ${bit}`] = Object.entries(VCPU_FEATURES).find(([, row]) => row.bit === bit) ?? [];
      vcpu.finalise(name);
      return 0;
    },
  };
}

/** api.rst 4.31. Throws `KvmError` ENOEXEC. */
function getVcpuEvents(order: ByteOrder): Call {
  const events = structCodec('arm64', 'kvm_vcpu_events', order);
  return {
    name: 'KVM_GET_VCPU_EVENTS',
    run(target, argument) {
      const { serrorPending, serrorEsr } = initialisedVcpu(target.vcpu, target.initialised).events;
      argument.set(events.encode({
        'exception.serror_pending': serrorPending ? 1 : 0, 'exception.serror_has_esr': serrorEsr === undefined ? 0 : 1, 'exception.serror_esr': serrorEsr ?? 0n,
      }));
      return 0;
    },
  };
}

/** api.rst 4.32. Throws `KvmError` ENOEXEC, EINVAL. */
function setVcpuEvents(order: ByteOrder): Call {
  const events = structCodec('arm64', 'kvm_vcpu_events', order);
  return {
    name: 'KVM_SET_VCPU_EVENTS',
    run(target, argument) {
      const vcpu = initialisedVcpu(target.vcpu, target.initialised);
      const {
        'exception.serror_pending': pending, 'exception.serror_has_esr': hasEsr, 'exception.ext_dabt_pending': abort, 'exception.pad': pad, 'exception.serror_esr': esr, reserved,
      } = events.decode(argument);
      if (pad.some((byte) => byte !== 0) || reserved.some((word) => word !== 0)) refuse('EINVAL', 'pad or reserved', 'they are zero', 'clear them');
      vcpu.events = { serrorPending: pending !== 0, ...(hasEsr !== 0 && { serrorEsr: esr }), dataAbortPending: abort !== 0 };
      return 0;
    },
  };
}

/** api.rst 4.139: which bits of identification registers a VMM can change, a doubleword each. Throws `KvmError` EINVAL, EFAULT. */
function getWritableMasks(order: ByteOrder): Call {
  const range = structCodec('arm64', 'reg_mask_range', order);
  return {
    name: 'KVM_ARM_GET_REG_WRITABLE_MASKS',
    run(target, argument) {
      const { addr, range: which, reserved } = range.decode(argument);
      if (which !== 0 || reserved.some((word) => word !== 0)) refuse('EINVAL', `range ${which}`, 'the one range is 0, and the rest is zero', 'clear it');
      const masks = writableMasks(arm64Vm(target.vm).registers);
      const bytes = new Uint8Array(8 * masks.length);
      const view = new DataView(bytes.buffer);
      masks.forEach((mask, n) => { view.setBigUint64(8 * n, mask, order === 'little'); });
      if (target.memory?.write(addr, bytes) !== true) refuse('EFAULT', `address 0x${addr.toString(16)}`, `${bytes.length} bytes are written there`, 'give memory of the program\'s');
      return 0;
    },
  };
}

export function vcpuCalls(order: ByteOrder): readonly Call[] {
  return [preferredTarget, vcpuInit, vcpuFinalize, getVcpuEvents, setVcpuEvents, getWritableMasks].map((make) => make(order));
}
