/**
 * A machine for looking at one round trip: the whole processor, a host of a chosen revision on it, and a guest that does nothing but
 * execute an instruction that traps.
 */
import { createInstructionTable, createVirt, hostPort, STATE, virtProcessors, type Arm64Cpu, type Virt } from '@worldswitch/arm64';
import { Arm64Hypervisor, HOSTED_SIZE, HostGicV2, processorOf, type Arm64HypervisorOptions, type HostProcessor, type Revision } from '@worldswitch/arm64-hypervisor';
import { startVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import { MDSCR_EL1 } from '@worldswitch/arm64-sysreg';
import * as devices from '@worldswitch/devices';
import { Engine } from '@worldswitch/engine';
import { Kvm, Ledger, type LedgerRow } from '@worldswitch/hypervisor';
import * as images from '@worldswitch/image';
import { EngineMemory } from '@worldswitch/machine';
import { DEFAULT_PROCESSOR, processorModel, type ProcessorWish } from './processor.ts';

const MIB = 2 ** 20;
/** A hole of the board's map, for hosted code. */
export const HOSTED = 0x0b00_0000n;
export const RAM = 0x4000_0000n;
/** Bytes from there that are the hypervisor's own; the guest's begin behind. */
export const OWN = 8 * MIB;
const GUEST = 2 * MIB;

/** The guest's instruction that traps (HCR_EL2.TID3), and a branch back to it. */
export const TRAPPED = 'mrs x0, ID_AA64PFR0_EL1';
const LOOP = Uint8Array.of(0x00, 0x04, 0x38, 0xd5, 0xff, 0xff, 0xff, 0x17);
/** Instructions before the round trip that counts: the first fetch faults, and the first entry is not the usual one. */
const WARM_UP = 6;
/** Within which a round trip has happened. */
const PATIENCE = 8;

export interface LabOptions {
  readonly mode: 'nvhe' | 'vhe';
  readonly revision: string | Revision;
  readonly faithful?: 'all' | readonly string[];
  readonly processor?: ProcessorWish;
  /** Dirty: the guest has debug events enabled, so that its debug registers are loaded. */
  readonly debug?: 'clean' | 'dirty';
  /** What is to hear or change the processor before the hypervisor has it. */
  readonly wrap?: (processor: HostProcessor) => HostProcessor;
}

/** The rows of one guest's run. */
export interface RoundTrip {
  /** From the exception that left the guest to the ERET that entered it again. */
  readonly trip: readonly LedgerRow[];
  /** Before the first entry since the vCPU was given the processor, and after the last exit. */
  readonly load: readonly LedgerRow[];
  readonly put: readonly LedgerRow[];
}

export interface LabMachine {
  readonly key: string;
  readonly cpu: Arm64Cpu;
  readonly machine: Virt<EngineMemory>['machine'];
  /** Cold; memory keeps what it holds, and the hypervisor clears what it takes. */
  reset(): void;
}

let last: LabMachine | undefined;

/** The machine of the last wish is used again: making one is most of the time of a round trip. */
export function machineFor(wish: ProcessorWish): LabMachine {
  const key = JSON.stringify(wish);
  if (last?.key === key) {
    last.reset();
    return last;
  }
  const model = processorModel(wish);
  const engine = new Engine({ table: createInstructionTable({ has: (feature) => model.features.has(feature) }), layout: STATE, order: 'little', kind: 'evaluator' });
  const { machine, cpus } = createVirt({
    devices, images, memory: new EngineMemory(engine.memory), makeCpu: virtProcessors(engine, model), model: model.name, ram: OWN + GUEST,
  });
  engine.memory.addHosted(Number(HOSTED), HOSTED_SIZE);
  // A machine that has run for a while: no guest's time begins before its own.
  machine.skipTo(1000n);
  const start = machine.clock.save();
  last = {
    key, machine, cpu: cpus[0] as unknown as Arm64Cpu,
    reset: () => {
      machine.reset();
      machine.clock.restore(start);
    },
  };
  return last;
}

/** Runs a guest until its instruction has trapped and it runs again. Throws Error where the hypervisor panics. */
export function roundTrip({ mode, revision, faithful, processor: wish = DEFAULT_PROCESSOR, debug = 'clean', wrap = (processor) => processor }: LabOptions): RoundTrip {
  const { machine, cpu } = machineFor(wish);
  const options: Arm64HypervisorOptions = {
    mode, revision, layout: { hosted: HOSTED, pages: { base: RAM, size: BigInt(OWN) } },
    interrupts: new HostGicV2({ distributor: 0x0800_0000n, cpuInterface: 0x0801_0000n }), ...(faithful !== undefined && { faithful }),
  };
  const hypervisor = new Arm64Hypervisor(wrap(processorOf({ machine, cpu, port: hostPort(cpu.processor) })), options);
  const vm = new Kvm(hypervisor).createVm();
  vm.setMemoryRegion({ slot: 0, guestAddress: RAM, size: BigInt(GUEST), hostAddress: RAM + BigInt(OWN) });
  machine.memory.loadBytes(RAM + BigInt(OWN), LOOP);
  const vcpu = vm.createVcpu(0);
  startVcpu(vcpu, { pc: RAM });
  if (debug === 'dirty') vcpu.setRegister('MDSCR_EL1', MDSCR_EL1.encode({ MDE: 1 }));

  const run = (budget: number): void => {
    const exit = vcpu.run({ budget });
    if (exit.kind !== 'interrupted') throw new Error(`${typeof revision === 'string' ? revision : revision.name} (${mode}): the run of an instruction that traps ended with ${describeExit(exit)}`);
  };
  const { code } = hypervisor.host;
  const ledger = new Ledger();
  code.ledger = ledger;
  run(WARM_UP);
  const load = ledger.drain().filter(({ phase }) => phase === 'load');
  let trip: readonly LedgerRow[] | undefined;
  for (let tried = 0; trip === undefined && tried < PATIENCE; tried++) {
    run(1);
    trip = roundTripsOf(ledger.rows)[0];
  }
  if (trip === undefined) throw new Error(`${mode}: no round trip within ${PATIENCE} instructions of '${TRAPPED}'`);
  ledger.drain();
  // Reading what is in memory alone takes the guest off the processor.
  vcpu.getRegister('CNTVOFF_EL2');
  const put = ledger.drain().filter(({ phase }) => phase === 'put');
  code.ledger = undefined;
  return { trip, load, put };
}

function describeExit(exit: { readonly kind: string; readonly detail?: unknown }): string {
  const detail = exit.detail as { readonly step?: string; readonly why?: string } | undefined;
  return detail?.why === undefined ? exit.kind : `${exit.kind} in step ${detail.step ?? '?'}: ${detail.why}`;
}

/** Whether a row is the exception by which the guest was left, or the ERET that enters it. */
export const leavesGuest = ({ step, operation }: LedgerRow): boolean => step === 'guest' && operation === 'exception';
export const entersGuest = ({ operation, written, phase, el }: LedgerRow): boolean => operation === 'control' && written === 'eret' && el === 2 && (phase === 'enter' || phase === 'exit');

/** The complete round trips among rows, each from the exception to the ERET. */
export function roundTripsOf(rows: readonly LedgerRow[]): readonly (readonly LedgerRow[])[] {
  const trips: LedgerRow[][] = [];
  let open: LedgerRow[] | undefined;
  for (const row of rows) {
    if (leavesGuest(row)) open = [];
    open?.push(row);
    if (open === undefined || !entersGuest(row)) continue;
    trips.push(open);
    open = undefined;
  }
  return trips;
}
