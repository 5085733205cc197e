/** One round trip of a revision on the model of a processor: into a guest that calls, and out of it. */
import { HCR_EL2, ID_AA64DFR0_EL1 } from '@worldswitch/arm64-sysreg';
import type { AccessorMode, RegisterName } from '@worldswitch/arm64-sysreg';
import { Ledger } from '@worldswitch/hypervisor';
import type { LedgerRow } from '@worldswitch/hypervisor';
import { Arm64Hypervisor } from '../architecture.ts';
import type { Arm64HypervisorOptions } from '../architecture.ts';
import { VcpuMemory } from '../guest/vcpu-memory.ts';
import type { Host } from '../host/host.ts';
import type { Panic, WorldSwitch } from '../switch/world.ts';
import { MODEL_LAYOUT, MODEL_RAM, ModelProcessor, NO_INTERRUPTS } from './model-processor.ts';

export interface RoundTripOptions extends Partial<Pick<Arm64HypervisorOptions, 'faithful' | 'byteOrder'>> {
  /** The debug registers are to be switched. */
  readonly dirty?: boolean;
  /** 2 to 16 of each; 6 and 4 by default. */
  readonly breakpoints?: number;
  readonly watchpoints?: number;
  readonly processor?: ModelProcessor;
  /** Before the guest is entered. */
  readonly prepare?: (trip: Pick<RoundTrip, 'processor' | 'host' | 'world' | 'vcpu'>) => void;
}

export interface RoundTrip {
  readonly processor: ModelProcessor;
  readonly host: Host;
  readonly world: WorldSwitch;
  readonly vcpu: VcpuMemory;
  readonly rows: readonly LedgerRow[];
  /** A register while the guest ran; undefined if it never did. */
  readonly inside: (name: RegisterName) => bigint | undefined;
  /** Where it ended early. */
  readonly panic: Panic | undefined;
}

/** `revision` by name, or one of your own. Throws Error for an end that is neither the guest's call nor a panic. */
export function roundTrip(revision: NonNullable<Arm64HypervisorOptions['revision']>, mode: AccessorMode, options: RoundTripOptions = {}): RoundTrip {
  const { dirty = false, breakpoints = 6, watchpoints = 4, prepare, processor = new ModelProcessor(), ...chosen } = options;
  processor.dataOrder = chosen.byteOrder ?? 'little';
  const counts = ID_AA64DFR0_EL1.mask('BRPs') | ID_AA64DFR0_EL1.mask('WRPs');
  const dfr0 = processor.get('ID_AA64DFR0_EL1') & ~counts;
  processor.registers.set('ID_AA64DFR0_EL1', dfr0 | ID_AA64DFR0_EL1.encode({ BRPs: breakpoints - 1, WRPs: watchpoints - 1 }));
  const { host, world } = new Arm64Hypervisor(processor, { mode, revision, layout: MODEL_LAYOUT, interrupts: NO_INTERRUPTS, ...chosen });
  const vcpu = new VcpuMemory(0, host.pages.allocate(), processor.memory, host.byteOrder, { context: world.revision.layout, kernelBase: host.kernelBase });
  vcpu.state.set('hcr', HCR_EL2.encode({ RW: 1, VM: 1, E2H: mode === 'vhe' ? 1 : 0 }));
  vcpu.state.set('vttbr', 0x1_0000_4000_0000n);
  vcpu.state.set('timer-enabled', 1n);
  vcpu.context.set('PC', MODEL_RAM + 0x40_0000n);
  vcpu.context.set('PSTATE', 0x3c5n);
  if (dirty) vcpu.markDirty();
  prepare?.({ processor, host, world, vcpu });
  let inside: ReadonlyMap<string, bigint> = new Map();
  processor.guest = (p) => {
    inside = new Map(p.registers);
    return p.call(0x8400_0000n);
  };
  const ledger = new Ledger();
  host.code.ledger = ledger;
  const made = (panic: Panic | undefined): RoundTrip => {
    const { rows } = ledger;
    host.code.ledger = undefined;
    return { processor, host, world, vcpu, rows, inside: (name) => inside.get(name), panic };
  };
  const failed = world.enter(vcpu);
  if (failed !== undefined) {
    if ('exit' in failed) throw new Error('the guest was not entered: something was pending');
    return made(failed);
  }
  const stop = processor.run();
  const left = world.leave(vcpu, stop.kind === 'hosted' ? stop.at : 0n);
  if (left.kind === 'resumed') throw new Error('the guest was entered again after its call');
  return made(left.kind === 'panic' ? left.panic : undefined);
}
