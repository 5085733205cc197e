import { describe, expect, it } from 'vitest';
import { CONSTANTS } from '../abi/index.ts';
import type { MmioExit } from '../exits.ts';
import { codecs, named, programWithVcpu } from '../test/program.ts';
import type { Program } from '../test/program.ts';
import { COALESCED_MMIO_OFFSET } from './index.ts';

const { KVM_IOEVENTFD_FLAG_DATAMATCH: MATCH, KVM_IOEVENTFD_FLAG_DEASSIGN: DEASSIGN } = CONSTANTS.KVM_IOEVENTFD;
const write = (address: bigint, ...data: readonly number[]): MmioExit => ({ kind: 'mmio', address, length: data.length as 4, write: true, data: Uint8Array.from(data) });
const SHUTDOWN = { kind: 'system-event', event: 'shutdown', flags: 0n } as const;

/** What the guest writes, then it ends. */
function guestWrites({ host }: Program, ...writes: readonly MmioExit[]): void {
  const left = [...writes];
  host.script = () => left.shift() ?? SHUTDOWN;
}
const eight = (value: number): Uint8Array => Uint8Array.of(value, 0, 0, 0, 0, 0, 0, 0);
const count = ({ device }: Program, fd: number): number | string => {
  const bytes = new Uint8Array(8);
  const result = device.read(fd, bytes);
  return result === 8 ? bytes[0] : named(result);
};

describe('event counters', () => {
  it('count', () => {
    const made = programWithVcpu();
    const { device, system } = made;
    const fd = device.eventfd(2);
    expect([device.write(fd, eight(3)), count(made, fd), count(made, fd)]).toEqual([8, 5, 'EAGAIN']);
    expect([device.write(fd, new Uint8Array(8).fill(255)), device.write(fd, new Uint8Array(7)), device.read(system, eight(0)), device.read(99, eight(0))].map(named)).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EBADF']);
    device.write(fd, Uint8Array.of(254, 255, 255, 255, 255, 255, 255, 255));
    expect(named(device.write(fd, eight(1)))).toBe('EAGAIN');
  });
});

describe('KVM_IOEVENTFD', () => {
  it('takes writes that match, and no others', () => {
    const made = programWithVcpu();
    const { call, vm, vcpu, run, device } = made;
    const [any, matched] = [device.eventfd(), device.eventfd()];
    expect(call(vm, 'KVM_IOEVENTFD', codecs.ioeventfd.encode({ addr: 0x1000n, len: 0, fd: any }))).toBe(0);
    expect(call(vm, 'KVM_IOEVENTFD', codecs.ioeventfd.encode({ addr: 0x2000n, len: 2, fd: matched, flags: MATCH, datamatch: 0x0102n }))).toBe(0);
    guestWrites(made, write(0x1000n, 9), write(0x1000n, 9, 9), write(0x2000n, 2, 1), write(0x2000n, 3, 1));
    expect([call(vcpu, 'KVM_RUN'), codecs.run.member(run, 'mmio').phys_addr, codecs.run.member(run, 'mmio').data[0]]).toEqual([0, 0x2000n, 3]);
    expect([count(made, any), count(made, matched)]).toEqual([2, 1]);
    guestWrites(made, write(0x1001n, 1));
    call(vcpu, 'KVM_RUN');
    expect(codecs.run.get(run, 'mmio.phys_addr')).toBe(0x1001n);
    expect(call(vm, 'KVM_IOEVENTFD', codecs.ioeventfd.encode({ addr: 0x1000n, fd: any, flags: DEASSIGN }))).toBe(0);
    guestWrites(made, write(0x1000n, 1));
    call(vcpu, 'KVM_RUN');
    expect(codecs.run.get(run, 'exit_reason')).toBe(CONSTANTS.KVM_EXIT.KVM_EXIT_MMIO);
  });
  it('refuses', () => {
    const { call, vm, device, system } = programWithVcpu();
    const fd = device.eventfd();
    const assign = (over: Parameters<typeof codecs.ioeventfd.encode>[0]): number | string => call(vm, 'KVM_IOEVENTFD', codecs.ioeventfd.encode({ addr: 0x1000n, len: 4, fd, ...over }));
    expect([{ len: 3 }, { addr: (1n << 64n) - 2n }, { flags: 16 }, { len: 0, flags: MATCH }, { fd: 77 }, { fd: system }, { fd: -1 }, { flags: DEASSIGN }].map(assign))
      .toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL', 'EBADF', 'EINVAL', 'EBADF', 'ENOENT']);
    expect([assign({}), assign({}), assign({ flags: MATCH }), assign({ len: 0 }), assign({ len: 2 }), assign({ flags: 2 })]).toEqual([0, 'EEXIST', 'EEXIST', 'EEXIST', 0, 0]);
    expect([assign({ flags: MATCH, addr: 8n, datamatch: 1n }), assign({ flags: MATCH, addr: 8n, datamatch: 2n }), assign({ flags: MATCH, addr: 8n, datamatch: 1n })]).toEqual([0, 0, 'EEXIST']);
  });
  it('goes on counting behind a closed descriptor without harm', () => {
    const made = programWithVcpu();
    const fd = made.device.eventfd();
    made.call(made.vm, 'KVM_IOEVENTFD', codecs.ioeventfd.encode({ addr: 0x1000n, len: 4, fd }));
    made.device.close(fd);
    guestWrites(made, write(0x1000n, 1, 1, 1, 1));
    expect([made.call(made.vcpu, 'KVM_RUN'), codecs.run.get(made.run, 'exit_reason')]).toEqual([0, 24]);
  });
  it('does not keep a guest that writes for ever', () => {
    const made = programWithVcpu();
    made.call(made.vm, 'KVM_IOEVENTFD', codecs.ioeventfd.encode({ addr: 0x1000n, len: 1, fd: made.device.eventfd() }));
    made.host.script = () => write(0x1000n, 1);
    expect(made.call(made.vcpu, 'KVM_RUN')).toBe('EINTR');
  });
});

describe('KVM_IRQFD', () => {
  function withController(): ReturnType<typeof programWithVcpu> {
    const made = programWithVcpu();
    made.host.vms[0].interruptController = 'ready';
    return made;
  }
  it('refuses', () => {
    const { call, vm, device, system } = programWithVcpu();
    const fd = device.eventfd();
    const bind = (over: Parameters<typeof codecs.irqfd.encode>[0] = {}): number | string => call(vm, 'KVM_IRQFD', codecs.irqfd.encode({ fd, gsi: 5, ...over }));
    expect(bind()).toBe('EAGAIN');
    const ready = withController();
    const other = ready.device.eventfd();
    const again = (over: Parameters<typeof codecs.irqfd.encode>[0] = {}): number | string => ready.call(ready.vm, 'KVM_IRQFD', codecs.irqfd.encode({ fd: other, gsi: 5, ...over }));
    expect([{ flags: 4 }, { gsi: 4096 }, { fd: 77 }, { fd: system }, { flags: 2, resamplefd: 88 }, {}, {}, { flags: 1 }, { flags: 1 }, {}].map(again))
      .toEqual(['EINVAL', 'EINVAL', 'EBADF', 'EINVAL', 'EBADF', 0, 'EBUSY', 0, 0, 0]);
  });
  it('pulses its input, also for what was counted before, until it is closed', () => {
    const { call, vm, device, host } = withController();
    const fd = device.eventfd(1);
    call(vm, 'KVM_IRQFD', codecs.irqfd.encode({ fd, gsi: 5 }));
    device.write(fd, eight(1));
    expect(host.vms[0].inputs).toEqual([[5, true], [5, false], [5, true], [5, false]]);
    device.close(fd);
    expect(device.eventfd(7)).toBe(fd);
    expect(host.vms[0].inputs.length).toBe(4);
  });
  it('holds a resampled input until the guest has completed it', () => {
    const made = withController();
    const { call, vm, device, host } = made;
    const [fd, resamplefd] = [device.eventfd(), device.eventfd()];
    call(vm, 'KVM_IRQFD', codecs.irqfd.encode({ fd, gsi: 9, flags: 2, resamplefd }));
    device.write(fd, eight(1));
    expect(host.vms[0].inputs).toEqual([[9, true]]);
    host.vms[0].completed?.(9);
    expect([host.vms[0].inputs.at(-1), count(made, resamplefd)]).toEqual([[9, false], 1]);
  });
  it('may be signalled by a write of the guest', () => {
    const made = withController();
    const { call, vm, vcpu, device, host } = made;
    const fd = device.eventfd();
    call(vm, 'KVM_IRQFD', codecs.irqfd.encode({ fd, gsi: 3 }));
    call(vm, 'KVM_IOEVENTFD', codecs.ioeventfd.encode({ addr: 0x1000n, len: 4, fd }));
    guestWrites(made, write(0x1000n, 1, 0, 0, 0));
    call(vcpu, 'KVM_RUN');
    expect(host.vms[0].inputs).toEqual([[3, true], [3, false]]);
  });
  it('follows the routing', () => {
    const { call, vm, device, host } = withController();
    const fd = device.eventfd();
    call(vm, 'KVM_IRQFD', codecs.irqfd.encode({ fd, gsi: 5 }));
    const route = (gsi: number, over: Parameters<typeof codecs.entry.encode>[0] = {}): Uint8Array => codecs.entry.encode({ gsi, type: 1, ...over });
    const set = (flags: number, ...entries: readonly Uint8Array[]): number | string =>
      call(vm, 'KVM_SET_GSI_ROUTING', Uint8Array.from([...codecs.routing.encode({ nr: entries.length, flags }), ...entries.flatMap((one) => [...one])]));
    expect([set(0, route(5, { 'u.irqchip.pin': 20 }), route(5, { 'u.irqchip.pin': 21 }), route(6, { type: 2, 'u.msi.data': 1 })), set(1), set(0, route(5, { type: 3 })),
      set(0, route(5, { 'u.irqchip.pin': 988 })), set(0, route(4096)), call(vm, 'KVM_SET_GSI_ROUTING', codecs.routing.encode({ nr: 1 })), call(vm, 'KVM_SET_GSI_ROUTING', codecs.routing.encode({ nr: 5000 }))])
      .toEqual([0, 'EINVAL', 'EINVAL', 'EINVAL', 'EINVAL', 'EFAULT', 'EINVAL']);
    device.write(fd, eight(1));
    expect(host.vms[0].inputs).toEqual([[20, true], [21, true], [20, false], [21, false]]);
    // No route: lost.
    set(0);
    device.write(fd, eight(1));
    expect(host.vms[0].inputs.length).toBe(4);
  });
  it('messages need a controller that takes them', () => {
    const { call, vm } = programWithVcpu();
    expect(call(vm, 'KVM_SIGNAL_MSI', codecs.msi.encode({}))).toBe('EINVAL');
    const ready = withController();
    expect([ready.call(ready.vm, 'KVM_SIGNAL_MSI', codecs.msi.encode({})), ready.call(ready.vm, 'KVM_SIGNAL_MSI', codecs.msi.encode({ flags: 2 })), ready.call(ready.vm, 'KVM_SIGNAL_MSI', 4n)]).toEqual(['ENODEV', 'EINVAL', 'EFAULT']);
  });
});

describe('coalesced MMIO', () => {
  const HEADER = 8;
  it('gathers writes of a zone in the ring, until it is full', () => {
    const made = programWithVcpu();
    const { call, vm, vcpu, run } = made;
    const ring = run.subarray(COALESCED_MMIO_OFFSET);
    call(vm, 'KVM_REGISTER_COALESCED_MMIO', codecs.zone.encode({ addr: 0x1000n, size: 0x10 }));
    const many = Array.from({ length: 170 }, (_, n) => write(0x1008n, n, 0, 0, 0));
    guestWrites(made, ...many);
    expect([call(vcpu, 'KVM_RUN'), codecs.run.get(run, 'exit_reason'), codecs.run.get(run, 'mmio.data')[0]]).toEqual([0, 6, 169]);
    expect([ring[0], ring[4]]).toEqual([0, 169]);
    expect(codecs.mmio.decode(ring.subarray(HEADER + 24 * 3))).toMatchObject({ phys_addr: 0x1008n, len: 4, data: eight(3) });
    // The program takes all but one; there is room again.
    ring[0] = 168;
    guestWrites(made, write(0x100cn, 7, 7, 7, 7), write(0x100en, 1, 2, 3, 4));
    call(vcpu, 'KVM_RUN');
    expect([codecs.run.get(run, 'mmio.phys_addr'), ring[4], codecs.mmio.decode(ring.subarray(HEADER + 24 * 169)).phys_addr]).toEqual([0x100en, 0, 0x100cn]);
    expect(call(vm, 'KVM_UNREGISTER_COALESCED_MMIO', codecs.zone.encode({ addr: 0x1000n, size: 0x10 }))).toBe(0);
    guestWrites(made, write(0x1008n, 1));
    call(vcpu, 'KVM_RUN');
    expect(codecs.run.get(run, 'mmio.phys_addr')).toBe(0x1008n);
    expect(call(vm, 'KVM_REGISTER_COALESCED_MMIO', codecs.zone.encode({ pad: 2 }))).toBe('EINVAL');
  });
  it('is one ring for all vCPUs', () => {
    const made = programWithVcpu();
    const { call, vm, vcpu, run, device } = made;
    const other = device.mmap(call(vm, 'KVM_CREATE_VCPU', 1) as number, 4096, COALESCED_MMIO_OFFSET) as Uint8Array;
    call(vm, 'KVM_REGISTER_COALESCED_MMIO', codecs.zone.encode({ addr: 0x1000n, size: 0x10 }));
    guestWrites(made, write(0x1000n, 5));
    call(vcpu, 'KVM_RUN');
    expect(other).toEqual(run.subarray(COALESCED_MMIO_OFFSET));
    expect(other[4]).toBe(1);
  });
});
