/** The `virt` board as the machine of a proof: no guest board on it, for the proof answers its guest itself. */
import { A64, LAB, createHostBoard, withProfiling } from '@worldswitch/arm64';
import type { Arm64Model } from '@worldswitch/arm64';
import { HOSTED_SIZE, hostOn, processorOf } from '@worldswitch/arm64-hypervisor';
import { HOST_INTERRUPT } from '@worldswitch/arm64-hypervisor/prove';
import type { Equipment, ProofMachine, ProofMachines, Sync } from '@worldswitch/arm64-hypervisor/prove';
import * as devices from '@worldswitch/devices';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';

const MIB = 1 << 20;
const RAM = 0x4000_0000n;
const OWN = BigInt(2 * MIB);
/** Behind the hypervisor's memory and the guest's. */
const PROFILING = { code: RAM + 2n * OWN, tables: RAM + 2n * OWN + 0x1000n, buffer: RAM + 2n * OWN + 0x1_0000n, bytes: 0x4000n } as const;

function machineOf(sync: Sync, equipment: Equipment, plain: Arm64Model): ProofMachine {
  const model = equipment === 'gicv3' ? withProfiling(plain) : plain;
  const board = createHostBoard({ devices, images, model, kind: 'interpreter', ram: 8 * MIB, hosted: HOSTED_SIZE, gic: equipment === 'gicv3' ? 3 : 2, sync });
  const { machine, cpu, places: { gic } } = board;
  const { processor } = cpu;
  // A machine that has run for a while: no guest's time begins before its own.
  machine.skipTo(1000n);
  const start = machine.clock.save();
  return {
    processor: processorOf(board),
    ...hostOn(board.places, { memory: Number(OWN), virtualInterface: equipment === 'gicv2' }),
    ...(equipment === 'gicv2' && gic.version === 2 && { virtualControl: gic.virtualControl }),
    ...(equipment === 'gicv3' && { profiling: PROFILING }),
    guestMemory: RAM + OWN,
    reset: () => {
      cpu.inputs['serror']?.set(false);
      machine.reset();
      machine.clock.restore(start);
    },
    skipTo: (tick) => { machine.skipTo(tick); },
    // A software interrupt: by GICR_ISPENDR0 (IHI 0069 12.11), or to processor 0 by the target list (IHI 0048B 4.3.15).
    interrupt: () => {
      if (gic.version === 3) machine.memory.write(gic.redistributor + 0x1_0200n, 4, 1n << BigInt(HOST_INTERRUPT), 0);
      else machine.memory.write(gic.distributor + 0xf00n, 4, (1n << 16n) | BigInt(HOST_INTERRUPT), 0);
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
