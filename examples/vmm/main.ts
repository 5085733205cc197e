/** A VMM on typed calls: RAM, flash, a UART, KVM's GICv3 and timers, and two vCPUs, the second started by PSCI. `main.ts u-boot.bin 'key' 'command' …` boots a firmware. */
import { readFileSync } from 'node:fs';
import { A64, LAB, VIRT_MAP, configure, createHostBoard, planBoot } from '@worldswitch/arm64';
import { Arm64Hypervisor, HOSTED_SIZE, HOST_MEMORY, hostOn, processorOf } from '@worldswitch/arm64-hypervisor';
import { createPmu, hostFeatures, initialiseVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import * as devices from '@worldswitch/devices';
import { Kvm, runVcpus } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';
import { withScratchVcpu } from '@worldswitch/vmm';
import { ALONE, PROGRAM, program } from '../byte-vmm/program.ts';
import { Uart } from '../byte-vmm/uart.ts';

const [ram, flash, PMU_INTERRUPT] = [128 << 20, 128 << 20, 23];
const [file, ...keys] = process.argv.slice(2);
const own = { kind: 'flat', address: PROGRAM, ...assemble(program, { instructionSet: A64, origin: PROGRAM }) } as const;
const image = file === undefined ? own : { kind: 'firmware', firmware: new Uint8Array(readFileSync(file)) } as const;

// The host: a machine with our hypervisor. On silicon this would be /dev/kvm.
const board = createHostBoard({ devices, images, model: LAB, kind: 'translator', ram: HOST_MEMORY + ram + flash, hosted: HOSTED_SIZE, gic: 3 });
const kvm = new Kvm(new Arm64Hypervisor(processorOf({ ...board, pace: 'skip' }), { mode: 'vhe', ...hostOn(board.places) }));
const model = { ...withScratchVcpu(kvm, hostFeatures), architecture: 'aarch64' } as const;
const vm = kvm.createVm();
const free = board.places.ram + BigInt(HOST_MEMORY);
const slots = [{ guestAddress: VIRT_MAP.ram.base, size: BigInt(ram), hostAddress: free }, { guestAddress: 0n, size: BigInt(flash), hostAddress: free + BigInt(ram), readOnly: true }];
slots.forEach((region, slot) => { vm.setMemoryRegion({ slot, ...region }); });
const plan = planBoot(image, configure({ ram, cpus: 2, el2: false, gic: 3 }), images);
for (const { address, bytes } of [...plan.segments, own]) {
  const slot = slots.find((one) => address >= one.guestAddress && address < one.guestAddress + one.size);
  if (slot) board.machine.memory.loadBytes(slot.hostAddress + address - slot.guestAddress, bytes);
}
// The interrupt controller is KVM's, where the board has it.
const vcpus = [0, 1].map((id) => vm.createVcpu(id));
const D = CONSTANTS.KVM_DEV_ARM;
const gic = vm.createDevice(CONSTANTS.KVM_DEV_TYPE.KVM_DEV_TYPE_ARM_VGIC_V3);
const places = [[D.KVM_VGIC_V3_ADDR_TYPE_DIST, VIRT_MAP.gicDistributor], [D.KVM_VGIC_V3_ADDR_TYPE_REDIST, VIRT_MAP.gicRedistributor]] as const;
for (const [part, { base }] of places) gic.setAttribute(D.KVM_DEV_ARM_VGIC_GRP_ADDR, BigInt(part), new Uint8Array(BigUint64Array.of(base).buffer));
gic.setAttribute(D.KVM_DEV_ARM_VGIC_GRP_CTRL, BigInt(D.KVM_DEV_ARM_VGIC_CTRL_INIT), new Uint8Array(0));
vcpus.forEach((vcpu, id) => { initialiseVcpu(vcpu, { ...model, startPoweredOff: id > 0 }, { irqchipInKernel: true }); });
for (const vcpu of vcpus) createPmu(vcpu, PMU_INTERRUPT);
vcpus[0].setRegister('pc', file === undefined ? ALONE : plan.start.pc);

let line = '';
const uart = new Uart((character) => {
  process.stdout.write(character);
  line = character === '\n' ? '' : line + character;
  if (line.endsWith('stop autoboot: ') || line.endsWith('=> ')) uart.type(`${keys.shift() ?? 'poweroff'}\r`);
});
const end = runVcpus(vcpus, {
  passTime: (tick) => { board.machine.skipTo(tick); },
  onExit: (exit) => {
    if (exit.kind !== 'mmio') return false;
    const offset = Number(exit.address - VIRT_MAP.uart.base);
    if (exit.write) uart.write(offset, exit.data[0]);
    else exit.data.fill(0)[0] = uart.read(offset);
    return true;
  },
});
console.log(end.kind === 'exit' && end.exit.kind === 'system-event' ? `The guest asked for ${end.exit.event}.` : `It ended with ${JSON.stringify(end, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`);
