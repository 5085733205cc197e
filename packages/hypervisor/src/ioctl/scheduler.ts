/**
 * One host processor for all vCPUs. A run that would block ends with EINTR, as by a signal, while another vCPU could run; when all wait, time
 * passes to the next event. So two runs of the same program are the same.
 */
import type { Vcpu } from '../vcpu.ts';
import type { VcpuObject } from './files.ts';

/** Time of the host machine, in ticks. */
export interface HostTime {
  now(): bigint;
  /** Lets time pass to a tick that is not past. */
  skipTo(tick: bigint): void;
}

/** A program that runs only one of its vCPUs for good would be interrupted for the others for ever. */
const PATIENCE = 2;

export class Scheduler<A> {
  readonly #host: HostTime | undefined;
  readonly #vcpus = new Set<VcpuObject<A>>();

  constructor(host?: HostTime) {
    this.#host = host;
  }
  get vcpus(): readonly VcpuObject<A>[] {
    return [...this.#vcpus];
  }
  add(vcpu: VcpuObject<A>): void {
    this.#vcpus.add(vcpu);
  }
  forget(vcpu: Vcpu<A>): void {
    for (const one of this.#vcpus) if (one.vcpu === vcpu) this.#vcpus.delete(one);
  }

  /** A vCPU has nothing to do until a tick, or at all. True: time has passed, it may go on. False: its run ends. */
  pass(vcpu: VcpuObject<A>, until: bigint | undefined): boolean {
    vcpu.idle = until === undefined ? {} : { until };
    const others = [...this.#vcpus].filter((other) => other !== vcpu && other.vcpu.initialised && other.vcpu.mpState !== 'stopped');
    const willing = others.filter((other) => other.passedOver < PATIENCE && this.#couldRun(other));
    for (const other of willing) other.passedOver++;
    if (willing.length > 0 || !this.#host) return false;
    const untils = [vcpu, ...others].flatMap((one) => (one.idle?.until === undefined ? [] : [one.idle.until]));
    if (untils.length === 0) return false;
    const next = untils.reduce((first, one) => (one < first ? one : first));
    if (next > this.#host.now()) this.#host.skipTo(next);
    return until !== undefined && until <= next;
  }

  #couldRun({ idle, vcpu }: VcpuObject<A>): boolean {
    return idle === undefined || vcpu.backend.ready === true || (idle.until !== undefined && this.#host !== undefined && idle.until <= this.#host.now());
  }
}
