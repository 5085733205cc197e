/** A state of the world switch that the packages do not have: one register less in each of the four phases, on a processor of our own. */
import { Arm64Hypervisor, FULL_CONTEXT, TWO_HOOKS, named, type Block, type HostInterrupts, type Revision, type Step, type SwitchContext } from '@worldswitch/arm64-hypervisor';
import { startVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import { Kvm, Ledger, summarise } from '@worldswitch/hypervisor';
import { FakeProcessor, HOSTED, RAM } from './fake-processor.ts';

// AFSR1_EL1 has no bits on the processors here: what if nobody moved it?
const REGISTERS = FULL_CONTEXT.filter(({ register }) => register !== 'AFSR1');
const save = ({ code }: SwitchContext, block: Block): void => { for (const one of REGISTERS) code.save(named(code, one), block, one.slot); };
const restore = ({ code }: SwitchContext, block: Block): void => { for (const one of REGISTERS) code.restore(named(code, one), block, one.slot); };

const runs: Readonly<Record<string, Step['run']>> = {
  'host-sysregs-save': (c) => { save(c, c.host.context); },
  'guest-sysregs-restore': (c) => { restore(c, c.vcpu.context); },
  'guest-sysregs-save': (c) => { save(c, c.vcpu.context); },
  'host-sysregs-restore': (c) => { restore(c, c.host.context); },
};
const WITHOUT_AFSR1: Revision = {
  ...TWO_HOOKS, name: 'without-afsr1', about: 'two-hooks, but AFSR1_EL1 stays what it is', modes: ['nvhe'],
  steps: TWO_HOOKS.steps.map((step) => (step.id in runs ? { ...step, run: runs[step.id] } : step)),
};

/** The guest of this example is interrupted by nobody. */
const NO_INTERRUPTS: HostInterrupts = {
  initialise: () => undefined, acknowledge: () => undefined, complete: () => undefined, setEnabled: () => undefined, setActive: () => undefined, kick: () => undefined,
};

for (const revision of [TWO_HOOKS, WITHOUT_AFSR1]) {
  const processor = new FakeProcessor();
  const hypervisor = new Arm64Hypervisor(processor, { revision, mode: 'nvhe', layout: { hosted: HOSTED, pages: { base: RAM.base, size: 0x20_0000n } }, interrupts: NO_INTERRUPTS });
  const vm = new Kvm(hypervisor).createVm();
  vm.setMemoryRegion({ slot: 0, guestAddress: RAM.base, size: 0x20_0000n, hostAddress: RAM.base + 0x40_0000n });
  const vcpu = vm.createVcpu(0);
  startVcpu(vcpu, { pc: RAM.base });

  const ledger = new Ledger();
  hypervisor.host.code.ledger = ledger;
  const exit = vcpu.run({ budget: 100 });
  const rows = ledger.drain();
  const [first, second] = rows.flatMap((row, at) => (row.step === 'guest' && row.operation === 'exception' ? [at] : []));
  const { reads, writes } = summarise(rows.slice(first, second)).byKind.get('context') ?? { reads: 0, writes: 0 };
  console.log(`${revision.name}: ${reads + writes} context registers moved in one round trip; the guest ended with ${exit.kind === 'system-event' ? exit.event : exit.kind}`);
}
