/** Events of the monitors by number (DDI 0487 D13, common event numbers), and which of them a VM's guests may count. */
import { KvmError } from '@worldswitch/hypervisor';

export const EVENT = { softwareIncrement: 0x00, instructionRetired: 0x08, cycles: 0x11, chain: 0x1e } as const;

/** PMUVer of FEAT_PMUv3p1, with which event numbers have 16 bits; before they have 10. */
const PMUV3P1 = 4;

export function eventMask(version: number): number {
  return version >= PMUV3P1 ? 0xffff : 0x3ff;
}

/** In the numbers of `kvm_pmu_event_filter.action`. */
export const EVENT_FILTER_ACTIONS = ['allow', 'deny'] as const;
export type EventFilterAction = (typeof EVENT_FILTER_ACTIONS)[number];

/** KVM_ARM_VCPU_PMU_V3_FILTER, one for all vCPUs of a VM. The first range decides about the events that no range names. */
export class EventFilter {
  readonly #named = new Map<number, EventFilterAction>();
  /** Undefined before the first range. */
  #others: EventFilterAction | undefined;

  /** What nobody in hardware counts cannot be denied: software increments are an instruction's, and a chained counter counts another's overflows. */
  allows(event: number): boolean {
    return event === EVENT.softwareIncrement || event === EVENT.chain || (this.#named.get(event) ?? this.#others ?? 'allow') === 'allow';
  }

  /** Throws `KvmError` EINVAL for a range that goes beyond the events of a PMU of that `version`. */
  check(first: number, count: number, version: number): void {
    const all = eventMask(version) + 1;
    if (first + count > all) throw new KvmError('EINVAL', { value: `${count} events from ${first}`, rule: `they are numbered 0 to ${all - 1}`, remedy: 'choose fewer' });
  }

  /** `count` events from `first`. A later range has the last word. */
  add(first: number, count: number, action: EventFilterAction): void {
    this.#others ??= action === 'allow' ? 'deny' : 'allow';
    for (let event = first; event < first + count; event++) this.#named.set(event, action);
  }
}
