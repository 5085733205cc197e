/** Composes arm64 machines: processors, devices, images, and the hypervisor where there is one. */
import { refuse, type MachineHandle, type MachineRequest } from '@worldswitch/session';
import { bareMachine } from './bare.ts';
import { checkedMachine } from './checked.ts';
import { guestMachine } from './guest.ts';
import type { Arm64Options } from './options.ts';

/** Makes the machine that a request describes. */
export function createArm64Machine(request: MachineRequest): MachineHandle {
  const options = request.options as unknown as Arm64Options;
  const { engine } = request;
  if (options.as === 'guest') {
    if (engine === 'check') throw refuse('bad-option', '--engine check --as guest: two machines are compared as a whole, and a guest lives beside its machine; use --as bare, or another engine');
    return guestMachine(request, options, engine);
  }
  if (engine !== 'check') return bareMachine(request, options, engine);
  return checkedMachine(bareMachine(request, options, 'evaluator'), bareMachine(request, options, 'translator'));
}
