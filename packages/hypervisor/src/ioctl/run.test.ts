import { describe, expect, it } from 'vitest';
import { CONSTANTS } from '../abi/index.ts';
import type { Exit } from '../exits.ts';
import { INIT, codecs, named, programWithVcpu, request } from '../test/program.ts';
import type { Program } from '../test/program.ts';
import type { ModelDebugExit } from '../test/model.ts';

type ModelExit = Exit<ModelDebugExit>;
const { run: codec } = codecs;
const REASON = CONSTANTS.KVM_EXIT;
const WRITE = { kind: 'mmio', address: 0x900_0000n, length: 4, write: true, data: Uint8Array.of(1, 2, 3, 4) } as const;
const read = (): ModelExit => ({ kind: 'mmio', address: 0x900_0018n, length: 2, write: false, data: new Uint8Array(2) });

/** These exits, one for each entry; then the last for ever. */
function script({ host }: Program, ...exits: readonly ModelExit[]): void {
  let n = 0;
  host.script = () => exits[Math.min(n++, exits.length - 1)];
}

describe('KVM_RUN', () => {
  it('takes no argument, and a vCPU that is ready', () => {
    const { call, vcpu } = programWithVcpu();
    expect([call(vcpu, 'KVM_RUN', 1), call(vcpu, 'KVM_RUN', new Uint8Array(8))]).toEqual(['EINVAL', 'EINVAL']);
    const sve = INIT.slice();
    sve[4] = 16;
    expect([call(vcpu, 'KVM_ARM_VCPU_INIT', sve), call(vcpu, 'KVM_RUN')]).toEqual([0, 'EPERM']);
  });

  // Offsets of the union's members come from the headers.
  it.each<[ModelExit, number | string, number, Partial<ReturnType<typeof codec.decode>>]>([
    [{ kind: 'debug', pc: 4n, arch: { code: 7 } }, 0, REASON.KVM_EXIT_DEBUG, { flags: 1, 'debug.arch': { hsr: 7, hsr_high: 0, far: 0n } }],
    [WRITE, 0, REASON.KVM_EXIT_MMIO, { 'mmio.phys_addr': 0x900_0000n, 'mmio.len': 4, 'mmio.is_write': 1, 'mmio.data': Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 0) }],
    [{ kind: 'system-event', event: 'reset', flags: 1n }, 0, REASON.KVM_EXIT_SYSTEM_EVENT, { 'system_event.type': 2, 'system_event.ndata': 1, 'system_event.flags': 1n }],
    [{ kind: 'hypercall', number: 0xc600_0001n, args: [], results: [1n] }, 0, REASON.KVM_EXIT_HYPERCALL, { 'hypercall.nr': 0xc600_0001n, 'hypercall.flags': 0n }],
    [{ kind: 'no-syndrome', syndrome: 5n, address: 0x800n }, 0, REASON.KVM_EXIT_ARM_NISV, { 'arm_nisv.esr_iss': 5n, 'arm_nisv.fault_ipa': 0x800n }],
    [{ kind: 'memory-fault', address: 0x4000_0000n, size: 4096n }, 'EFAULT', REASON.KVM_EXIT_MEMORY_FAULT, { 'memory_fault.gpa': 0x4000_0000n, 'memory_fault.size': 4096n }],
    [{ kind: 'fail-entry', reason: 9n, cpu: 1 }, 0, REASON.KVM_EXIT_FAIL_ENTRY, { 'fail_entry.hardware_entry_failure_reason': 9n, 'fail_entry.cpu': 1 }],
    [{ kind: 'internal-error', reason: 'x', detail: {}, dead: false }, 0, REASON.KVM_EXIT_INTERNAL_ERROR, { 'internal.suberror': 4, 'internal.ndata': 0 }],
    [{ kind: 'internal-error', reason: 'x', detail: {}, dead: false, errno: 'ENOSYS' }, 'ENOSYS', REASON.KVM_EXIT_UNKNOWN, {}],
    [{ kind: 'shutdown' }, 0, REASON.KVM_EXIT_SHUTDOWN, {}],
    [{ kind: 'interrupted', because: 'lines' }, 'EINTR', REASON.KVM_EXIT_INTR, {}],
    [{ kind: 'idle' }, 'EINTR', REASON.KVM_EXIT_INTR, {}],
  ])('%s', (exit, result, reason, fields) => {
    const made = programWithVcpu();
    script(made, exit);
    codec.assign(made.run, { flags: 0x80, exit_reason: 99 });
    expect(made.call(made.vcpu, 'KVM_RUN')).toBe(result);
    expect(codec.decode(made.run)).toMatchObject({ exit_reason: reason, flags: 0, ...fields });
    // s.regs: the level of the vCPU's lines.
    expect(made.run[304]).toBe(1);
  });

  it('completes a read with what the program put into kvm_run, also without running', () => {
    for (const immediate of [0, 1]) {
      const made = programWithVcpu();
      const { run, call, vcpu, host } = made;
      script(made, read(), WRITE);
      call(vcpu, 'KVM_RUN');
      run.set([0x34, 0x12], 40);
      codec.set(run, 'immediate_exit', immediate);
      expect(call(vcpu, 'KVM_RUN')).toBe(immediate === 1 ? 'EINTR' : 0);
      expect(host.vms[0].vcpus[0].answers).toEqual([0x1234n]);
      // exit_reason stays that of the completed access.
      if (immediate === 1) expect([codec.get(run, 'exit_reason'), codec.get(run, 'mmio.phys_addr')]).toEqual([REASON.KVM_EXIT_MMIO, 0x900_0018n]);
      call(vcpu, 'KVM_RUN');
      expect(host.vms[0].vcpus[0].answers).toEqual([0x1234n]);
    }
  });
  it('leaves results of a call to the program', () => {
    const made = programWithVcpu();
    const results = [5n];
    script(made, { kind: 'hypercall', number: 1n, args: [], results });
    made.call(made.vcpu, 'KVM_RUN');
    expect(results).toEqual([]);
  });
  it('is one at a time', () => {
    const made = programWithVcpu();
    const inner: (number | string)[] = [];
    made.host.script = () => {
      inner.push(made.call(made.vcpu, 'KVM_RUN'), made.call(made.vcpu, 'KVM_GET_MP_STATE', new Uint8Array(4)), typeof made.call(made.vm, 'KVM_CREATE_VCPU', 3));
      return WRITE;
    };
    expect([made.call(made.vcpu, 'KVM_RUN'), ...inner]).toEqual([0, 'EINTR', 'EINTR', 'number']);
  });
  it('maps what there is, live', () => {
    const { device, vcpu, vm } = programWithVcpu();
    const [one, two] = [device.mmap(vcpu, 4096) as Uint8Array, device.mmap(vcpu, 8192) as Uint8Array];
    one[1] = 1;
    expect([two[1], (device.mmap(vcpu, 10, 4096) as Uint8Array).length]).toEqual([1, 10]);
    expect([[0, 0], [8193, 0], [4096, 8192], [4096, 100], [8192, 4096], [-1, 0], [Number.NaN, 0]].map(([length, offset]) => named(device.mmap(vcpu, length, offset) as number))).toEqual(Array(7).fill('EINVAL'));
    expect([named(device.mmap(vm, 4096) as number), named(device.mmap(77, 4096) as number)]).toEqual(['ENODEV', 'EBADF']);
  });
});

describe('one processor for all', () => {
  const idle = (until?: bigint): ModelExit => ({ kind: 'idle', ...(until === undefined ? {} : { until }) });
  function pair(): { readonly made: ReturnType<typeof programWithVcpu>; readonly second: number; readonly time: { now: bigint } } {
    const time = { now: 100n };
    const made = programWithVcpu({ time: { now: () => time.now, skipTo: (tick) => { time.now = tick; } } });
    const second = made.call(made.vm, 'KVM_CREATE_VCPU', 1) as number;
    made.call(second, 'KVM_ARM_VCPU_INIT', INIT);
    return { made, second, time };
  }

  it('a run that would wait is interrupted while another could run', () => {
    const { made: { host, call, vcpu }, time } = pair();
    host.script = () => idle(500n);
    expect([call(vcpu, 'KVM_RUN'), time.now]).toEqual(['EINTR', 100n]);
  });
  it('time passes to the first event when all wait', () => {
    const { made: { host, call, vcpu }, second, time } = pair();
    host.script = (id) => (time.now >= 300n ? WRITE : idle(id === 0 ? 500n : 300n));
    expect([call(vcpu, 'KVM_RUN'), time.now]).toEqual(['EINTR', 100n]);
    // The second's event comes first, so it goes on at once.
    expect([call(second, 'KVM_RUN'), time.now]).toEqual([0, 300n]);
  });
  it('an event of another ends the run that waits longer', () => {
    const { made: { host, call, vcpu }, second, time } = pair();
    host.script = (id) => idle(id === 0 ? 300n : 500n);
    call(vcpu, 'KVM_RUN');
    // The first would be ready in the model if it had run; it waits, and its event is the next.
    expect([call(second, 'KVM_RUN'), time.now]).toEqual(['EINTR', 300n]);
  });
  it('who is never run is not waited for, who is stopped neither', () => {
    const { made: { host, call, vcpu }, second, time } = pair();
    host.script = () => (time.now >= 500n ? WRITE : idle(500n));
    expect([call(vcpu, 'KVM_RUN'), call(vcpu, 'KVM_RUN'), call(vcpu, 'KVM_RUN'), time.now]).toEqual(['EINTR', 'EINTR', 0, 500n]);
    time.now = 0n;
    call(second, 'KVM_ARM_VCPU_INIT', INIT);
    call(second, 'KVM_SET_MP_STATE', codecs.state.encode({ mp_state: 5 }));
    expect([call(vcpu, 'KVM_RUN'), time.now]).toEqual([0, 500n]);
  });
  it('nobody waits for ever: without an event the run ends', () => {
    const { made: { host, call, vcpu, device }, second, time } = pair();
    host.script = () => idle();
    expect([call(vcpu, 'KVM_RUN'), call(second, 'KVM_RUN'), call(vcpu, 'KVM_RUN'), time.now]).toEqual(['EINTR', 'EINTR', 'EINTR', 100n]);
    host.script = () => idle(time.now + 1n);
    expect(named(device.ioctl(vcpu, request('KVM_RUN')))).toBe('EINTR');
  });
});
