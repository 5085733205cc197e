/**
 * A VMM on /dev/kvm in bytes: ioctls by number, structures as the kernel's headers have them, mapped `kvm_run`. RAM, flash, a UART, the kernel's
 * GICv3 and timer, and two vCPUs, of which the guest starts the second by PSCI. `main.ts u-boot.bin 'key' 'command' …` boots a firmware, which has
 * the guest's own program at hand: `go 44000000`.
 */
import { readFileSync } from 'node:fs';
import { A64, LAB, VIRT_MAP, configure, createHostBoard, planBoot } from '@worldswitch/arm64';
import { Arm64Hypervisor, HOSTED_SIZE, HOST_MEMORY, hostOn, processorOf } from '@worldswitch/arm64-hypervisor';
import * as devices from '@worldswitch/devices';
import { Kvm } from '@worldswitch/hypervisor';
import { KvmDevice, UserSpace, errorName } from '@worldswitch/hypervisor/ioctl';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';
import { API_VERSION, CAP_ARM_PSCI_0_2, EINTR, EXIT, FEATURE, KVM, MEM_READONLY, REGISTER, RunPage, SYSTEM_EVENT, VGIC, VGIC_V3, struct } from './kvm-h.ts';
import { ALONE, PROGRAM, program } from './program.ts';
import { Uart } from './uart.ts';

const MIB = 1 << 20;
const [RAM_SIZE, FLASH_SIZE] = [128 * MIB, 128 * MIB];
const [file, ...keys] = process.argv.slice(2);

// The host: a machine with our hypervisor. On silicon it would be an arm64 computer, and what is below the kernel's own.
const board = createHostBoard({ devices, images, model: LAB, kind: 'translator', ram: HOST_MEMORY + RAM_SIZE + FLASH_SIZE, hosted: HOSTED_SIZE, gic: 3 });
const { machine } = board;
const hostMemory = { base: board.places.ram + BigInt(HOST_MEMORY), size: BigInt(RAM_SIZE + FLASH_SIZE), memory: machine.memory };
const space = new UserSpace({ ram: hostMemory });
const kernel = new KvmDevice(new Kvm(new Arm64Hypervisor(processorOf({ ...board, pace: 'skip' }), { mode: 'vhe', ...hostOn(board.places) })), {
  memory: space, slice: 20_000, time: { now: () => machine.clock.now(), skipTo: (tick) => { machine.skipTo(tick); } },
});

/** An ioctl that has to work. */
function ioctl(what: string, fd: number, request: number, argument: Uint8Array | number = 0): number {
  const result = kernel.ioctl(fd, request, argument);
  if (result < 0) throw new Error(`${what}: ${errorName(result) ?? result}: ${kernel.lastRefusal?.message ?? ''}`);
  return result;
}

// The system, and a VM.
const system = kernel.open('/dev/kvm');
if (ioctl('KVM_GET_API_VERSION', system, KVM.GET_API_VERSION) !== API_VERSION) throw new Error('this is another KVM');
if (ioctl('KVM_CHECK_EXTENSION', system, KVM.CHECK_EXTENSION, CAP_ARM_PSCI_0_2) === 0) throw new Error('this KVM has no PSCI 0.2');
const runSize = ioctl('KVM_GET_VCPU_MMAP_SIZE', system, KVM.GET_VCPU_MMAP_SIZE);
const vm = ioctl('KVM_CREATE_VM', system, KVM.CREATE_VM);

// Its memory: RAM, and flash that it may read; what is written there is the VMM's, who forgets it.
const regions = [
  { guest: VIRT_MAP.ram.base, size: BigInt(RAM_SIZE), user: hostMemory.base, flags: 0 },
  { guest: 0n, size: BigInt(FLASH_SIZE), user: hostMemory.base + BigInt(RAM_SIZE), flags: MEM_READONLY },
] as const;
regions.forEach(({ guest, size, user, flags }, slot) => {
  ioctl('KVM_SET_USER_MEMORY_REGION', vm, KVM.SET_USER_MEMORY_REGION, struct([4, slot], [4, flags], [8, guest], [8, size], [8, user]));
});
function load(address: bigint, bytes: Uint8Array): void {
  const region = regions.find(({ guest, size }) => address >= guest && address < guest + size);
  if (!region || !space.write(region.user + address - region.guest, bytes)) throw new Error(`no memory at 0x${address.toString(16)}`);
}

// vCPUs: the second waits to be started.
const init = new Uint8Array(32);
ioctl('KVM_ARM_PREFERRED_TARGET', vm, KVM.ARM_PREFERRED_TARGET, init);
const target = new DataView(init.buffer).getUint32(0, true);
const vcpus = [0, 1].map((id) => {
  const fd = ioctl('KVM_CREATE_VCPU', vm, KVM.CREATE_VCPU, id);
  const features = (1 << FEATURE.PSCI_0_2) | (id === 0 ? 0 : 1 << FEATURE.POWER_OFF);
  ioctl('KVM_ARM_VCPU_INIT', fd, KVM.ARM_VCPU_INIT, struct([4, target], [4, features], [8, 0], [8, 0], [8, 0]));
  const mapping = kernel.mmap(fd, runSize);
  if (typeof mapping === 'number') throw new Error(`mmap: ${errorName(mapping) ?? mapping}`);
  return { id, fd, run: new RunPage(mapping) };
});
const cell = space.allocate(8);
function setRegister(fd: number, register: bigint, value: bigint): void {
  space.write(cell, struct([8, value]));
  ioctl('KVM_SET_ONE_REG', fd, KVM.SET_ONE_REG, struct([8, register], [8, cell]));
}

// The interrupt controller: a GICv3 in the kernel, with one region of redistributors for both.
const device = struct([4, VGIC_V3], [4, 0], [4, 0]);
ioctl('KVM_CREATE_DEVICE', vm, KVM.CREATE_DEVICE, device);
const gic = new DataView(device.buffer).getUint32(4, true);
function setAttribute(group: number, attribute: number, value: bigint): void {
  space.write(cell, struct([8, value]));
  ioctl('KVM_SET_DEVICE_ATTR', gic, KVM.SET_DEVICE_ATTR, struct([4, 0], [4, group], [8, attribute], [8, cell]));
}
setAttribute(VGIC.GRP_ADDR, VGIC.ADDR_DIST, 0x0800_0000n);
setAttribute(VGIC.GRP_ADDR, VGIC.ADDR_REDIST_REGION, (BigInt(vcpus.length) << 52n) | 0x080a_0000n);
setAttribute(VGIC.GRP_CTRL, VGIC.CTRL_INIT, 0n);

// What it runs.
load(PROGRAM, assemble(program, { instructionSet: A64, origin: PROGRAM }).bytes);
const [boot] = vcpus;
if (file === undefined) setRegister(boot.fd, REGISTER.pc, ALONE);
else {
  const plan = planBoot({ kind: 'firmware', firmware: new Uint8Array(readFileSync(file)) }, configure({ ram: RAM_SIZE, cpus: vcpus.length, el2: false, gic: 3 }), images);
  for (const { address, bytes } of plan.segments) load(address, bytes);
  setRegister(boot.fd, REGISTER.pc, plan.start.pc);
}

// Its devices: a UART. U-Boot waits for a key at its countdown, and for a command at its prompt.
let line = '';
const uart = new Uart((character) => {
  process.stdout.write(character);
  line = character === '\n' ? '' : line + character;
  if (line.endsWith('stop autoboot: ') || line.endsWith('=> ')) uart.type(`${keys.shift() ?? 'poweroff'}\r`);
});
function access({ address, data, write }: RunPage['mmio']): void {
  // What is somewhere else is none of the UART's registers either.
  const offset = Number(address - VIRT_MAP.uart.base);
  if (write) uart.write(offset, data[0]);
  else data.fill(0)[0] = uart.read(offset);
}

/** A turn of one vCPU. What ended the machine, or undefined when it goes on. */
function turn({ id, fd, run }: (typeof vcpus)[number]): string | undefined {
  const result = kernel.ioctl(fd, KVM.RUN, 0);
  if (result === -EINTR) return undefined;
  if (result < 0) return `vCPU ${id} failed with ${errorName(result) ?? result}: ${kernel.lastRefusal?.message ?? ''}`;
  switch (run.exitReason) {
    case EXIT.MMIO:
      access(run.mmio);
      return undefined;
    case EXIT.SYSTEM_EVENT: return `The guest asked for ${SYSTEM_EVENT[run.systemEvent as keyof typeof SYSTEM_EVENT]}.`;
    default: return `vCPU ${id} left with reason ${run.exitReason}.`;
  }
}

// A host has a thread for each vCPU. Here they take turns: one that waits or was long enough at it leaves with EINTR.
let end: string | undefined;
for (let n = 0; end === undefined; n++) end = turn(vcpus[n % vcpus.length]);
console.log(end);
