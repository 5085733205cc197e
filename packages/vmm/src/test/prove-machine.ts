/** The `virt` board as the machine of a proof: no guest board on it, for the proof answers its guest itself. */
import { A64, LAB, STATE, createInstructionTable, createVirt, hostPort, virtProcessors, withGicV3, withProfiling } from '@worldswitch/arm64';
import type { Arm64Cpu, Arm64Model } from '@worldswitch/arm64';
import { HOSTED_SIZE, HostGicV2, HostGicV3, processorOf } from '@worldswitch/arm64-hypervisor';
import { HOST_INTERRUPT } from '@worldswitch/arm64-hypervisor/prove';
import type { Equipment, ProofMachine, ProofMachines, Sync } from '@worldswitch/arm64-hypervisor/prove';
import * as devices from '@worldswitch/devices';
import { Engine } from '@worldswitch/engine';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';
import { EngineMemory } from '@worldswitch/machine';

const MIB = 1 << 20;
const HOSTED = 0x0b00_0000n;
const RAM = 0x4000_0000n;
const DISTRIBUTOR = 0x0800_0000n;
const REDISTRIBUTOR = 0x080a_0000n;
const VIRTUAL_CONTROL = 0x0803_0000n;
const OWN = BigInt(2 * MIB);
/** Behind the hypervisor's memory and the guest's. */
const PROFILING = { code: RAM + 2n * OWN, tables: RAM + 2n * OWN + 0x1000n, buffer: RAM + 2n * OWN + 0x1_0000n, bytes: 0x4000n } as const;

function machineOf(sync: Sync, equipment: Equipment, plain: Arm64Model): ProofMachine {
  const gic = equipment === 'gicv3' ? 3 : 2;
  const model = equipment === 'gicv3' ? withProfiling(plain) : plain;
  const features = gic === 3 ? withGicV3(model).features : model.features;
  const engine = new Engine({ table: createInstructionTable({ has: (feature) => features.has(feature) }), layout: STATE, order: 'little', kind: 'interpreter' });
  const cpus: Arm64Cpu[] = [];
  const { machine } = createVirt({
    devices, images, memory: new EngineMemory(engine.memory), model: model.name, ram: 8 * MIB, gic,
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
    interrupts: gic === 3 ? new HostGicV3({ distributor: DISTRIBUTOR, redistributor: REDISTRIBUTOR }) : new HostGicV2({
      distributor: DISTRIBUTOR, cpuInterface: 0x0801_0000n, ...(equipment === 'gicv2' && { virtualControl: VIRTUAL_CONTROL, virtualCpuInterface: 0x0804_0000n }),
    }),
    ...(equipment === 'gicv2' && { virtualControl: VIRTUAL_CONTROL }),
    ...(equipment === 'gicv3' && { profiling: PROFILING }),
    layout: { hosted: HOSTED, pages: { base: RAM, size: OWN } }, guestMemory: RAM + OWN,
    reset: () => {
      cpu.inputs['serror']?.set(false);
      machine.reset();
      machine.clock.restore(start);
    },
    skipTo: (tick) => { machine.skipTo(tick); },
    // A software interrupt: by GICR_ISPENDR0 (IHI 0069 12.11), or to processor 0 by the target list (IHI 0048B 4.3.15).
    interrupt: () => {
      if (gic === 3) machine.memory.write(REDISTRIBUTOR + 0x1_0200n, 4, 1n << BigInt(HOST_INTERRUPT), 0);
      else machine.memory.write(DISTRIBUTOR + 0xf00n, 4, (1n << 16n) | BigInt(HOST_INTERRUPT), 0);
    },
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
  const made = new Map<string, ProofMachine>();
  return (sync, equipment) => {
    const key = `${sync} ${equipment}`;
    let machine = made.get(key);
    if (!machine) made.set(key, (machine = machineOf(sync, equipment, model)));
    return machine;
  };
}
