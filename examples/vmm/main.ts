/** A VMM on typed calls: RAM, flash, a UART and two vCPUs, of which the guest starts the second by PSCI. `main.ts u-boot.bin 'key' 'command' …` boots a firmware. */
import { readFileSync } from 'node:fs';
import { A64, LAB, VIRT_MAP, configure, createHostBoard, planBoot } from '@worldswitch/arm64';
import { Arm64Hypervisor, HOSTED_SIZE, HOST_MEMORY, hostOn, processorOf } from '@worldswitch/arm64-hypervisor';
import { hostFeatures, initialiseVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import * as devices from '@worldswitch/devices';
import { Kvm, runVcpus } from '@worldswitch/hypervisor';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';
import { withScratchVcpu } from '@worldswitch/vmm';
import { greeting } from './greeting.ts';

const MIB = 1 << 20;
const [file, ...keys] = process.argv.slice(2);
const image = file === undefined ? { kind: 'flat', address: VIRT_MAP.ram.base, ...assemble(greeting, { instructionSet: A64, origin: VIRT_MAP.ram.base }) } as const
  : { kind: 'firmware', firmware: new Uint8Array(readFileSync(file)) } as const;

// The host: a machine with our hypervisor. On silicon this would be /dev/kvm.
const [ram, flash] = [128 * MIB, 128 * MIB];
const board = createHostBoard({ devices, images, model: LAB, kind: 'translator', ram: HOST_MEMORY + ram + flash, hosted: HOSTED_SIZE, gic: 3 });
const kvm = new Kvm(new Arm64Hypervisor(processorOf({ ...board, pace: 'skip' }), { mode: 'vhe', ...hostOn(board.places) }));
const model = { ...withScratchVcpu(kvm, hostFeatures), architecture: 'aarch64' } as const;

const vm = kvm.createVm();
const free = board.places.ram + BigInt(HOST_MEMORY);
const slots = [{ guestAddress: VIRT_MAP.ram.base, size: BigInt(ram), hostAddress: free }, { guestAddress: 0n, size: BigInt(flash), hostAddress: free + BigInt(ram), readOnly: true }];
slots.forEach((region, slot) => { vm.setMemoryRegion({ slot, ...region }); });
const plan = planBoot(image, configure({ ram, cpus: 2, el2: false }), images);
for (const { address, bytes } of plan.segments) {
  const slot = slots.find((one) => address >= one.guestAddress && address < one.guestAddress + one.size);
  if (slot) board.machine.memory.loadBytes(slot.hostAddress + address - slot.guestAddress, bytes);
}

const vcpus = [0, 1].map((id) => vm.createVcpu(id));
vcpus.forEach((vcpu, id) => { initialiseVcpu(vcpu, { ...model, startPoweredOff: id > 0 }, { irqchipInKernel: false }); });
vcpus[0].setRegister('pc', plan.start.pc);

let line = '';
const uart = new devices.Pl011({ irq: { set: () => undefined }, onTransmit: (byte) => {
  process.stdout.write(String.fromCharCode(byte));
  line = byte === 10 ? '' : line + String.fromCharCode(byte);
  // U-Boot waits for a key at its countdown, and for a command at its prompt.
  if (line.endsWith('stop autoboot: ') || line.endsWith('=> ')) typed.push(...Buffer.from(`${keys.shift() ?? 'poweroff'}\r`));
} });
const typed: number[] = [];

const end = runVcpus(vcpus, {
  passTime: (tick) => { board.machine.skipTo(tick); },
  onExit: (exit) => {
    if (exit.kind !== 'mmio') return false;
    const offset = Number(exit.address - VIRT_MAP.uart.base);
    const here = offset >= 0 && offset < VIRT_MAP.uart.size;
    if (typed.length > 0 && uart.receive(typed[0])) typed.shift();
    if (!exit.write) writeUnsigned(exit.data, 0, exit.length, here ? uart.read(offset, exit.length, 0) : 0n, 'little');
    else if (here) uart.write(offset, exit.length, readUnsigned(exit.data, 0, exit.length, 'little'), 0);
    return true;
  },
});
console.log(end.kind === 'exit' && end.exit.kind === 'system-event' ? `The guest asked for ${end.exit.event}.` : `It ended with ${JSON.stringify(end, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`);
