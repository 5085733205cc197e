/**
 * A machine for looking at one round trip: the whole processor, a host of a chosen revision on it, and a guest that does nothing but
 * execute an instruction that traps.
 */
import { createHostBoard, type HostBoard } from '@worldswitch/arm64';
import { Arm64Hypervisor, HOST_MEMORY, HOSTED_SIZE, hostOn, processorOf, type Arm64HypervisorOptions, type HostProcessor, type Revision } from '@worldswitch/arm64-hypervisor';
import { startVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import { MDSCR_EL1 } from '@worldswitch/arm64-sysreg';
import * as devices from '@worldswitch/devices';
import { Kvm, Ledger, type LedgerRow } from '@worldswitch/hypervisor';
import * as images from '@worldswitch/image';
import { DEFAULT_PROCESSOR, processorModel, type ProcessorWish } from './processor.ts';

const MIB = 2 ** 20;
const RAM = 0x4000_0000n;
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

export interface LabMachine extends HostBoard {
  /** Where the guest's memory begins, behind the hypervisor's. */
  readonly guestMemory: bigint;
  /** Cold; memory keeps what it holds, and the hypervisor clears what it takes. */
  reset(): void;
}

let last: LabMachine | undefined;
let lastWish = '';

/** The machine of the last wish is used again: making one is most of the time of a round trip. */
export function machineFor(wish: ProcessorWish): LabMachine {
  const key = JSON.stringify(wish);
  if (last !== undefined && lastWish === key) {
    last.reset();
    return last;
  }
  const board = createHostBoard({ devices, images, model: processorModel(wish), kind: 'evaluator', ram: HOST_MEMORY + GUEST, hosted: HOSTED_SIZE, gic: wish.gic ?? 2 });
  const { machine } = board;
  // A machine that has run for a while: no guest's time begins before its own.
  machine.skipTo(1000n);
  const start = machine.clock.save();
  lastWish = key;
  last = {
    ...board, guestMemory: board.places.ram + BigInt(HOST_MEMORY),
    reset: () => {
      machine.reset();
      machine.clock.restore(start);
    },
  };
  return last;
}

/** Where a guest with a GICv2 finds its CPU interface; a GICv3's is in system registers. */
const GUEST_GICC = 0x0801_0000n;
function interfaceOf({ gic }: ProcessorWish): Pick<Arm64HypervisorOptions, 'interruptInterface'> {
  return gic === undefined ? {} : { interruptInterface: gic === 2 ? { guestAddress: GUEST_GICC } : {} };
}

/** Runs a guest until its instruction has trapped and it runs again. Throws Error where the hypervisor panics. */
export function roundTrip({ mode, revision, faithful, processor: wish = DEFAULT_PROCESSOR, debug = 'clean', wrap = (processor) => processor }: LabOptions): RoundTrip {
  const board = machineFor(wish);
  const { machine, guestMemory } = board;
  const options: Arm64HypervisorOptions = { mode, revision, ...hostOn(board.places, { virtualInterface: wish.gic !== undefined }), ...(faithful !== undefined && { faithful }), ...interfaceOf(wish) };
  const hypervisor = new Arm64Hypervisor(wrap(processorOf(board)), options);
  const vm = new Kvm(hypervisor).createVm();
  vm.setMemoryRegion({ slot: 0, guestAddress: RAM, size: BigInt(GUEST), hostAddress: guestMemory });
  machine.memory.loadBytes(guestMemory, LOOP);
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
