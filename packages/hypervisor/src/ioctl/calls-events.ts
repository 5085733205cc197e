/** ioctls of a VM that are about events: KVM_IOEVENTFD, KVM_IRQFD, KVM_SET_GSI_ROUTING, coalesced MMIO. */
import { CONSTANTS } from '../abi/index.ts';
import type { Argument } from './argument.ts';
import { codecOf, eventOf, refuse } from './context.ts';
import type { Caller, Handlers } from './context.ts';
import { IOEVENTFD_FLAGS, MAX_IRQ_ROUTES } from './events.ts';
import type { IoEvent, Route } from './events.ts';
import type { VmObject } from './files.ts';

const { KVM_IOEVENTFD, KVM_IRQFD, KVM_IRQ_ROUTING } = CONSTANTS;
const U64 = (1n << 64n) - 1n;
const hexOf = (value: number): string => `0x${value.toString(16)}`;

/** Checks in the kernel's order (virt/kvm/eventfd.c: kvm_ioeventfd). */
function ioEventFd<A>(caller: Caller<A>, { events }: VmObject<A>, argument: Argument): number {
  const codec = codecOf(caller.abi, 'kvm_ioeventfd');
  const { addr, len, fd, flags, datamatch } = codec.decode(argument.read(codec.size));
  const bus = (flags & KVM_IOEVENTFD.KVM_IOEVENTFD_FLAG_PIO) !== 0 ? 'pio' : (flags & KVM_IOEVENTFD.KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY) !== 0 ? 'ccw' : 'mmio';
  const match = (flags & KVM_IOEVENTFD.KVM_IOEVENTFD_FLAG_DATAMATCH) !== 0 ? datamatch : undefined;
  const wanted = (): IoEvent => ({ event: eventOf(caller, fd), bus, address: addr, length: len, match });
  if ((flags & KVM_IOEVENTFD.KVM_IOEVENTFD_FLAG_DEASSIGN) !== 0) {
    events.deassign(wanted());
    return 0;
  }
  if (![0, 1, 2, 4, 8].includes(len)) refuse('EINVAL', `length ${len}`, 'a write has 1, 2, 4 or 8 bytes, 0 stands for any', 'pass one of them');
  if (addr + BigInt(len) > U64) refuse('EINVAL', `address 0x${addr.toString(16)}`, 'a range does not wrap', 'pass a lower one');
  if ((flags & ~IOEVENTFD_FLAGS) !== 0) refuse('EINVAL', `flags ${hexOf(flags)}`, `there are ${hexOf(IOEVENTFD_FLAGS)}`, 'clear the others');
  if (len === 0 && match !== undefined) refuse('EINVAL', 'a match of any length', 'a value has a length', 'pass the length');
  events.assign(wanted());
  return 0;
}

function irqFd<A>(caller: Caller<A>, { vm, events }: VmObject<A>, argument: Argument): number {
  const codec = codecOf(caller.abi, 'kvm_irqfd');
  const { fd, gsi, flags, resamplefd } = codec.decode(argument.read(codec.size));
  const known = KVM_IRQFD.KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD.KVM_IRQFD_FLAG_RESAMPLE;
  if ((flags & ~known) !== 0) refuse('EINVAL', `flags ${hexOf(flags)}`, `there are ${hexOf(known)}`, 'clear the others');
  if (gsi >= MAX_IRQ_ROUTES) refuse('EINVAL', `gsi ${gsi}`, `interrupts are numbered 0 to ${MAX_IRQ_ROUTES - 1}`, 'pass one of them');
  if ((flags & KVM_IRQFD.KVM_IRQFD_FLAG_DEASSIGN) !== 0) {
    events.unbind(eventOf(caller, fd), gsi);
    return 0;
  }
  if (vm.backend.interruptController !== 'ready') refuse('EAGAIN', `gsi ${gsi}`, 'the interrupt controller in the hypervisor is not initialised', 'make and initialise one first');
  const event = eventOf(caller, fd);
  const resample = (flags & KVM_IRQFD.KVM_IRQFD_FLAG_RESAMPLE) !== 0 ? eventOf(caller, resamplefd) : undefined;
  events.bind(event, gsi, resample);
  return 0;
}

/** Inputs of an interrupt controller that a route may lead to (arch/arm64/include/asm/kvm_host.h: KVM_IRQCHIP_NUM_PINS). */
const PINS = 988;

function setRouting<A>({ abi }: Caller<A>, { events }: VmObject<A>, argument: Argument): number {
  const header = codecOf(abi, 'kvm_irq_routing');
  const entry = codecOf(abi, 'kvm_irq_routing_entry');
  const { nr, flags } = header.decode(argument.read(header.size));
  if (nr > MAX_IRQ_ROUTES) refuse('EINVAL', `${nr} routes`, `there is room for ${MAX_IRQ_ROUTES}`, 'pass fewer');
  if (flags !== 0) refuse('EINVAL', `flags ${hexOf(flags)}`, 'no flag is defined', 'pass 0');
  const bytes = nr === 0 ? new Uint8Array(0) : argument.read(nr * entry.size, header.size);
  const routes = new Map<number, Route[]>();
  for (let n = 0; n < nr; n++) {
    const one = entry.decode(bytes.subarray(n * entry.size, (n + 1) * entry.size));
    if (one.gsi >= MAX_IRQ_ROUTES) refuse('EINVAL', `gsi ${one.gsi}`, `interrupts are numbered 0 to ${MAX_IRQ_ROUTES - 1}`, 'pass one of them');
    routes.set(one.gsi, [...routes.get(one.gsi) ?? [], routeOf(abi, one)]);
  }
  events.routes = routes;
  return 0;
}

interface Entry {
  readonly type: number;
  readonly flags: number;
  readonly 'u.irqchip.irqchip': number;
  readonly 'u.irqchip.pin': number;
  readonly 'u.msi.address_lo': number;
  readonly 'u.msi.address_hi': number;
  readonly 'u.msi.data': number;
  readonly 'u.msi.devid': number;
}
function routeOf(abi: Caller<never>['abi'], entry: Entry): Route {
  switch (entry.type) {
    case KVM_IRQ_ROUTING.KVM_IRQ_ROUTING_IRQCHIP: {
      const pin = entry['u.irqchip.pin'];
      if (entry.flags !== 0 || entry['u.irqchip.irqchip'] !== 0 || pin >= PINS) {
        return refuse('EINVAL', `input ${pin} of controller ${entry['u.irqchip.irqchip']}`, `there is controller 0 with inputs 0 to ${PINS - 1}, and no flag`, 'pass one of them');
      }
      return { kind: 'input', pin };
    }
    case KVM_IRQ_ROUTING.KVM_IRQ_ROUTING_MSI: {
      const { 'u.msi.address_lo': address_lo, 'u.msi.address_hi': address_hi, 'u.msi.data': data, 'u.msi.devid': devid, flags } = entry;
      if ((flags & ~CONSTANTS.KVM_MSI.KVM_MSI_VALID_DEVID) !== 0) return refuse('EINVAL', `flags ${hexOf(flags)}`, 'there is KVM_MSI_VALID_DEVID', 'clear the others');
      return { kind: 'message', message: codecOf(abi, 'kvm_msi').encode({ address_lo, address_hi, data, devid, flags }) };
    }
    default: return refuse('EINVAL', `route of type ${entry.type}`, 'a route leads to an input (1) or is a message (2)', 'pass one of them');
  }
}

function coalesced<A>(add: boolean) {
  return ({ abi }: Caller<A>, { events }: VmObject<A>, argument: Argument): number => {
    const codec = codecOf(abi, 'kvm_coalesced_mmio_zone');
    const { addr: address, size, pad: pio } = codec.decode(argument.read(codec.size));
    if (pio > 1) refuse('EINVAL', `bus ${pio}`, '0 is memory, 1 is port I/O', 'pass one of them');
    // No guest here has ports, so such a zone never sees a write.
    if (pio === 1) return 0;
    if (add) events.addZone({ address, size: BigInt(size) });
    else events.removeZones({ address, size: BigInt(size) });
    return 0;
  };
}

export function eventHandlers<A>(): Handlers<A, VmObject<A>> {
  return {
    KVM_IOEVENTFD: ioEventFd, KVM_IRQFD: irqFd, KVM_SET_GSI_ROUTING: setRouting,
    KVM_REGISTER_COALESCED_MMIO: coalesced(true), KVM_UNREGISTER_COALESCED_MMIO: coalesced(false),
  };
}
