import { describe, expect, it } from 'vitest';
import { TWO_HOOKS, harm, without } from '@worldswitch/arm64-hypervisor';
import { guestMachine, program } from './test/guest-machine.ts';
import { fillHost, look } from './test/host-state.ts';

const MODES = ['nvhe', 'vhe'] as const;
const OFF = 'mov w0, #0x0008\n movk w0, #0x8400, lsl #16\n hvc #0\n';

describe('what each step is for', () => {
  // Steps whose absence this short program cannot show, each with the reason.
  const UNSEEN: Readonly<Record<string, string>> = {
    'mask-exceptions': 'needs an exception in the middle of the switch', 'unmask-exceptions': 'needs an exception in the host',
    'serror-window': 'needs an SError of the guest', 'spe-off': 'needs SPE', 'spe-on': 'needs SPE', 'spe-off-late': 'needs SPE', 'guest-unprofiled': 'needs SPE', 'fp-lazy': 'needs floating point', 'fp-live': 'needs floating point',
    'fp-to-host': 'needs floating point', 'vtimer-load': 'needs a timer', 'vtimer-put': 'needs a timer', 'vtimer-offset-on': 'the offset is 0', 'vtimer-offset-off': 'the offset is 0',
    'vgic-on': 'needs an interrupt', 'vgic-off': 'HCR_EL2 is replaced whole right after', 'timer-traps-on': 'needs the physical timer', 'timer-traps-off': 'needs the host\'s timer',
    'panic-report': 'needs a panic', 'panic-restore': 'needs a panic', 'panic-return': 'needs a panic',
  };
  const run = (mode: 'vhe' | 'nvhe', revision: typeof TWO_HOOKS): string => {
    const machine = guestMachine({ mode, revision, image: program(`mov x9, #0x8000\n msr MDSCR_EL1, x9\n msr DBGBVR1_EL1, x9\n msr TPIDR_EL0, x9\n mov x8, #0x4f000000\n ldr x7, [x8]\n ${OFF}`) });
    fillHost(machine);
    const { host } = machine.hypervisor;
    const before = look(machine);
    const stop = machine.run(2000);
    return JSON.stringify([stop, ['TPIDR_EL0', 'pc', 'x8'].map((name) => machine.vcpu.getRegister(name)), harm(mode, host.constants, before, look(machine)).map(({ register }) => register)], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  };
  it.each(MODES)('removing one shows, %s', (mode) => {
    const whole = run(mode, TWO_HOOKS);
    const silent = TWO_HOOKS.steps.filter(({ id, modes }) => !(id in UNSEEN) && (modes?.includes(mode) ?? true)).filter(({ id }) => {
      try {
        return run(mode, without(TWO_HOOKS, id)) === whole;
      } catch {
        return false;
      }
    });
    expect(silent.map(({ id }) => id)).toEqual([]);
  });
});
