/** The `virt` board as the machine of a proof: no guest board on it, for the proof answers its guest itself. */
import { A64, LAB, STATE, createInstructionTable, createVirt, hostPort, virtProcessors } from '@worldswitch/arm64';
import type { Arm64Cpu, Arm64Model } from '@worldswitch/arm64';
import { HOSTED_SIZE, HostGicV2, processorOf } from '@worldswitch/arm64-hypervisor';
import { HOST_INTERRUPT } from '@worldswitch/arm64-hypervisor/prove';
import type { ProofMachine, ProofMachines, Sync } from '@worldswitch/arm64-hypervisor/prove';
import * as devices from '@worldswitch/devices';
import { Engine } from '@worldswitch/engine';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';
import { EngineMemory } from '@worldswitch/machine';

const MIB = 1 << 20;
const HOSTED = 0x0b00_0000n;
const RAM = 0x4000_0000n;
const DISTRIBUTOR = 0x0800_0000n;
const OWN = BigInt(2 * MIB);

function machineOf(sync: Sync, model: Arm64Model): ProofMachine {
  const engine = new Engine({ table: createInstructionTable({ has: (feature) => model.features.has(feature) }), layout: STATE, order: 'little', kind: 'interpreter' });
  const cpus: Arm64Cpu[] = [];
  const { machine } = createVirt({
    devices, images, memory: new EngineMemory(engine.memory), model: model.name, ram: 8 * MIB,
    makeCpu: (port, setup) => {
      const cpu = virtProcessors(engine, model, { sync })(port, setup);
      cpus.push(cpu);
      return cpu;
    },
  });
  engine.memory.addHosted(Number(HOSTED), HOSTED_SIZE);
  const [cpu] = cpus;
  const { processor } = cpu;
  // A machine that has run for a while: no guest's time begins before its own.
  machine.skipTo(1000n);
  const start = machine.clock.save();
  return {
    processor: processorOf({ machine, cpu, port: hostPort(processor), pace: 'stop' }),
    interrupts: new HostGicV2({ distributor: DISTRIBUTOR, cpuInterface: 0x0801_0000n }),
    layout: { hosted: HOSTED, pages: { base: RAM, size: OWN } }, guestMemory: RAM + OWN,
    reset: () => {
      cpu.inputs['serror']?.set(false);
      machine.reset();
      machine.clock.restore(start);
    },
    skipTo: (tick) => { machine.skipTo(tick); },
    // A software interrupt, to processor 0 by the target list (IHI 0048B 4.3.15).
    interrupt: () => { machine.memory.write(DISTRIBUTOR + 0xf00n, 4, (1n << 16n) | BigInt(HOST_INTERRUPT), 0); },
    forgetTranslations: () => {
      processor.mmu.reset();
      processor.core.flush();
    },
    serror: (level) => { cpu.inputs['serror']?.set(level); },
    takeDue: () => processor.interrupt() || (processor.stepping && processor.before()) || processor.fetched(),
    poke: (register, value) => { cpu.registers.raw.write(register, value); },
    assemble: (source, origin) => assemble(source, { instructionSet: A64, origin }).bytes,
  };
}

/** Made when first asked for, then kept. */
export function proofMachines(model: Arm64Model = LAB): ProofMachines {
  const made = new Map<Sync, ProofMachine>();
  return (sync) => {
    let machine = made.get(sync);
    if (!machine) made.set(sync, (machine = machineOf(sync, model)));
    return machine;
  };
}
