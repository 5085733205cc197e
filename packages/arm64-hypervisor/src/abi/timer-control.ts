/** KVM_ARM_VCPU_TIMER_CTRL: which PPIs are the timers' (Documentation/virt/kvm/devices/vcpu.rst 2). They are the same for all vCPUs of a VM. */
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { Attribute } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import type { TimerInterrupts } from '../guest/timer-interrupts.ts';
import { atLeast } from './profile.ts';
import type { Profile } from './profile.ts';

const { KVM_ARM_VCPU_TIMER_IRQ_VTIMER, KVM_ARM_VCPU_TIMER_IRQ_PTIMER, KVM_ARM_VCPU_TIMER_IRQ_HVTIMER, KVM_ARM_VCPU_TIMER_IRQ_HPTIMER } = CONSTANTS.KVM_ARM_VCPU_attrs;

const FIRST_PPI = 16;
const FIRST_SPI = 32;
const INT = 4;

export interface TimerSurroundings {
  readonly timers: TimerInterrupts;
  readonly profile: Profile;
  /** Whether there is an interrupt controller in the hypervisor: without it the timers are outputs of the vCPU. */
  readonly controller: () => boolean;
  readonly ranOnce: () => boolean;
  readonly byteOrder: ByteOrder;
}

function refuse(errno: 'EINVAL' | 'EBUSY', value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

/** By number. Those of EL2 are taken as they come, also for guests without it; kernels before Linux 6.4 do not know them. */
export function timerAttributes({ timers, profile, controller, ranOnce, byteOrder }: TimerSurroundings): ReadonlyMap<bigint, Attribute> {
  const of = (timer: keyof TimerInterrupts): Attribute => ({
    size: INT,
    get() {
      const bytes = new Uint8Array(INT);
      writeUnsigned(bytes, 0, INT, BigInt(timers[timer]), byteOrder);
      return bytes;
    },
    set(bytes) {
      const irq = Number(BigInt.asIntN(32, readUnsigned(bytes, 0, INT, byteOrder)));
      const value = `interrupt ${irq} of the ${timer} timer`;
      if (!controller()) refuse('EINVAL', value, 'there is no interrupt controller in the hypervisor', 'leave it out: timers are outputs of the vCPU');
      if (irq < FIRST_PPI || irq >= FIRST_SPI) refuse('EINVAL', value, `it is a PPI, ${FIRST_PPI} to ${FIRST_SPI - 1}`, 'choose one of these');
      if (ranOnce()) refuse('EBUSY', value, 'it is fixed once a vCPU has run', 'choose before');
      timers[timer] = irq;
    },
  });
  const known: [number, keyof TimerInterrupts][] = [[KVM_ARM_VCPU_TIMER_IRQ_VTIMER, 'virtual'], [KVM_ARM_VCPU_TIMER_IRQ_PTIMER, 'physical']];
  if (atLeast(profile, '6.12')) known.push([KVM_ARM_VCPU_TIMER_IRQ_HVTIMER, 'hypVirtual'], [KVM_ARM_VCPU_TIMER_IRQ_HPTIMER, 'hypPhysical']);
  return new Map(known.map(([number, timer]) => [BigInt(number), of(timer)]));
}

/** Before a run. Throws `KvmError` EINVAL for a PPI of two, a timer of EL1 and another or the PMU, which nobody could tell apart. */
export function checkTimerInterrupts({ virtual, physical }: TimerInterrupts, pmu: number | undefined): void {
  const clash = virtual === physical || pmu === virtual ? virtual : pmu === physical ? physical : undefined;
  if (clash !== undefined) refuse('EINVAL', 'a run', `interrupt ${clash} is that of two devices of the vCPU`, 'choose different ones');
}
