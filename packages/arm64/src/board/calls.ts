import { stateOf, type Clock, type Device, type Plain } from '@worldswitch/machine';
import { newSemihostingState, psci, semihosting, type PsciPort, type SemihostingState, type SmcccCall } from '../firmware/index.ts';
import { affinity, RTC_EPOCH, VIRT_MAP, type VirtConfiguration } from './description.ts';
import type { GuestMemory, SemihostingReply, VirtCpu } from './processor.ts';

/** Why a run ended, in `halted.why`, when the guest asked for it. */
export const SYSTEM_OFF = 'system-off', SYSTEM_RESET = 'system-reset';

/** The firmware of a board without EL3: PSCI, answered for processor `caller`. */
export function firmwareCall(call: SmcccCall, caller: number, cpus: readonly VirtCpu[], board: VirtConfiguration, halt: (why: string) => void): bigint | undefined {
  const find = (mpidr: bigint): VirtCpu | undefined => cpus.find((_, index) => affinity(index) === mpidr);
  const port: PsciPort = {
    cpuState: (mpidr) => { const cpu = find(mpidr); return cpu && (cpu.powered ? 'on' : 'off'); },
    on: (mpidr, entry, context) => { find(mpidr)?.start({ pc: entry, el: board.el2 ? 2 : 1, x0: context }); },
  };
  const outcome = psci(call, port);
  switch (outcome.effect) {
    case 'none': return outcome.result;
    case 'suspend':
      cpus[caller].wait();
      return outcome.result;
    case 'off':
      cpus[caller].powerOff();
      return undefined;
    case 'system-off':
    case 'system-reset':
      // Off, so that a run that is continued all the same does not fall into what lies behind the call.
      cpus[caller].powerOff();
      halt(outcome.effect === 'system-off' ? SYSTEM_OFF : SYSTEM_RESET);
      return undefined;
  }
}

/** Semihosting's side of the board. State of the machine, hence a device, though one without an address. */
export class SemihostingHost implements Device {
  readonly #clock: Clock;
  readonly #board: VirtConfiguration;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #commandLine: string;
  /** First free byte above the image: what HEAPINFO reports as the heap's base. */
  heapBase = VIRT_MAP.ram.base;
  #state: SemihostingState = newSemihostingState();

  constructor(clock: Clock, board: VirtConfiguration, write: (bytes: Uint8Array) => void, commandLine: string) {
    this.#clock = clock;
    this.#board = board;
    this.#write = write;
    this.#commandLine = commandLine;
  }

  call(operation: number, parameter: bigint, memory: GuestMemory): SemihostingReply {
    const clock = this.#clock;
    const top = VIRT_MAP.ram.base + BigInt(this.#board.ram);
    const outcome = semihosting(operation, parameter, {
      read: (address, length) => memory.read(address, length),
      write: (address, bytes) => memory.write(address, bytes),
      console: { write: (bytes) => { this.#write(bytes); }, read: () => new Uint8Array(0) },
      nanoseconds: () => (clock.now() * 1_000_000_000n) / BigInt(clock.ticksPerSecond),
      seconds: () => BigInt(RTC_EPOCH) + clock.now() / BigInt(clock.ticksPerSecond),
      commandLine: this.#commandLine,
      heap: [this.heapBase, top, top, this.heapBase],
    }, this.#state);
    if (outcome.kind === 'exit') return outcome;
    this.#state = outcome.state;
    return { kind: 'return', value: outcome.value };
  }

  read(): bigint { return 0n; }
  write(): void {}
  reset(): void { this.#state = newSemihostingState(); }
  save(): Plain { return { handles: this.#state.handles.map((handle) => ({ ...handle })), errno: this.#state.errno }; }
  restore(state: Plain): void {
    const { handles, errno } = stateOf<SemihostingState & Record<string, unknown>>(state, 'semihosting', ['handles', 'errno']);
    this.#state = { handles, errno };
  }
}
