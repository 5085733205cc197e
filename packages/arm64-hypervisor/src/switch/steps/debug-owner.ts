/** Breakpoint and watchpoint registers by owner: switched when they are in use, without asking the processor how many there are. */
import type { Block } from '../../context/block.ts';
import { ownedSet } from '../../guest/debug-owner.ts';
import type { Step, SwitchContext } from '../step.ts';
import { debugRegister } from './registers.ts';

/** Every register of a set by its slot. The counts are those of the host's boot. */
function registers({ features: { breakpoints, watchpoints } }: SwitchContext): readonly (readonly [ReturnType<typeof debugRegister>, string])[] {
  return (['BCR', 'BVR', 'WCR', 'WVR'] as const).flatMap((bank) => Array.from({ length: bank.startsWith('B') ? breakpoints : watchpoints },
    (_, n) => [debugRegister(bank, n), `${bank.toLowerCase()}${n}`] as const));
}

function exchange(c: SwitchContext, from: readonly [Block, Block], to: readonly [Block, Block]): void {
  const { code } = c;
  for (const [register, slot] of registers(c)) code.save(register, from[0], slot);
  code.save('MDCCINT_EL1', from[1], 'MDCCINT_EL1');
  for (const [register, slot] of registers(c)) code.restore(register, to[0], slot);
  code.restore('MDCCINT_EL1', to[1], 'MDCCINT_EL1');
}

const set = (c: SwitchContext): Block | undefined => ownedSet(c.vcpu, c.code.load(c.vcpu.state, 'debug-owner'));

export const ownerToGuest: Step = {
  id: 'debug-to-guest', phase: 'restore-guest', el: 2, kind: 'debug', after: ['guest-sysregs-restore'],
  because: 'no debug exception is taken from EL2 with exceptions masked, so the set may change late; free registers stay the host\'s, and the guest\'s access traps',
  run: (c) => {
    const owned = set(c);
    if (owned) exchange(c, [c.host.debugState, c.host.context], [owned, c.vcpu.context]);
  },
};

export const ownerToHost: Step = {
  id: 'debug-to-host', phase: 'restore-host', el: 2, kind: 'debug', after: ['host-sysregs-restore'],
  because: 'the owner cannot change while the guest runs, so both ways ask the same and agree; with the host\'s MDSCR_EL1 back',
  run: (c) => {
    const owned = set(c);
    if (owned) exchange(c, [owned, c.vcpu.context], [c.host.debugState, c.host.context]);
  },
};

export const speDisable: Step = {
  id: 'spe-off', phase: 'save-host', el: 2, kind: 'spe', modes: ['nvhe'], when: ({ features }) => features.spe,
  because: 'a buffer whose limit register says it is off cannot be written through anybody\'s translation, whatever PMSCR_EL1 lets through',
  run: ({ code, vcpu }) => {
    code.save('PMSCR_EL1', vcpu.state, 'host-pmscr', 'host');
    code.write('PMSCR_EL1', 0n);
    code.isb();
    // Drains what was collected, by the host's translation.
    code.psb();
    code.dsb('nsh');
    code.save('PMBLIMITR_EL1', vcpu.state, 'host-pmblimitr', 'host');
    code.write('PMBLIMITR_EL1', 0n);
    code.isb();
  },
};

export const speEnable: Step = {
  id: 'spe-on', phase: 'restore-host', el: 2, kind: 'spe', modes: ['nvhe'], after: ['host-sysregs-restore'], when: ({ features }) => features.spe,
  because: 'the buffer is written through the host\'s translation again, which must be back; the collection starts when there is a buffer',
  run: ({ code, vcpu }) => {
    code.restore('PMBLIMITR_EL1', vcpu.state, 'host-pmblimitr', 'host');
    code.isb();
    code.restore('PMSCR_EL1', vcpu.state, 'host-pmscr', 'host');
  },
};
