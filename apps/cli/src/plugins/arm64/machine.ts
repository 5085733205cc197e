/** Composes arm64 machines: processors, devices, images, and the hypervisor where there is one. Each kind is loaded when one is made. */
import { refuse, type MachineHandle, type MachineRequest } from '@worldswitch/session';
import type { Arm64Options } from './options.ts';

/** Makes the machine that a request describes. */
export async function createArm64Machine(request: MachineRequest): Promise<MachineHandle> {
  const options = request.options as unknown as Arm64Options;
  const { engine } = request;
  if (options.as === 'guest') {
    if (engine === 'check') throw refuse('bad-option', '--engine check --as guest: two machines are compared as a whole, and a guest lives beside its machine; use --as bare, or another engine');
    const { guestMachine } = await import('./guest.ts');
    return guestMachine(request, options, engine);
  }
  const { bareMachine } = await import('./bare.ts');
  if (engine !== 'check') return bareMachine(request, options, engine);
  const { checkedMachine } = await import('./checked.ts');
  return checkedMachine(bareMachine(request, options, 'evaluator'), bareMachine(request, options, 'translator'));
}
