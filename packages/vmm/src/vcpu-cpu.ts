/**
 * A vCPU as the processor of a board: runs it, answers its MMIO from the board's address map, connects its lines, and turns exits into
 * a machine's stops.
 */
import { hex, readUnsigned, writeUnsigned } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { Exit, MmioExit, Vcpu } from '@worldswitch/hypervisor';
import type { Cpu, DebugHit, InterruptLine, MachinePort, OutOfBandStops, Plain, PlainDoor, RegisterDoors, Stop } from '@worldswitch/machine';
import type { Breakpoints } from './breakpoints.ts';

/** The machine underneath, as far as time goes. */
export interface HostTime {
  now(): bigint;
  /** Passes idle time of the host, up to a tick. */
  skipTo(tick: bigint): void;
}

export interface VcpuCpuOptions<A> {
  readonly vcpu: Vcpu<A>;
  readonly port: MachinePort;
  readonly host: HostTime;
  /** Interrupt inputs of the vCPU, which become inputs of the processor. */
  readonly lines: readonly string[];
  /** The vCPU's output lines by the names of the board's outputs. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Brings a vCPU to its reset state: features and registers. */
  readonly reset: (vcpu: Vcpu<A>) => void;
  /** Stops of the debugger's own; those of the processor underneath, which see the guest's addresses while it runs. */
  readonly stops?: OutOfBandStops;
  readonly translate?: Cpu['translate'];
  readonly breakpoints?: Breakpoints<A>;
  /** Sees every exit, before it is dealt with. */
  readonly onExit?: (exit: Exit<A>) => void;
}

const NO_STOPS: OutOfBandStops = {
  breakpoint: () => refuseStop(),
  watchpoint: () => refuseStop(),
  resume: () => undefined,
};
function refuseStop(): never {
  throw new KvmError('EOPNOTSUPP', { value: 'a stop of the debugger\'s own', rule: 'this guest was set up without them', remedy: 'pass `stops` of the processor underneath, or use guest debug' });
}

export class VcpuCpu<A> implements Cpu {
  readonly vcpu: Vcpu<A>;
  readonly inputs: Readonly<Record<string, InterruptLine>>;
  readonly registers: RegisterDoors;
  readonly stops: OutOfBandStops;
  /** The last exit that ended a run. */
  lastExit: Exit<A> | undefined;
  readonly #options: VcpuCpuOptions<A>;
  readonly #wake: { schedule(tick: bigint): void; cancel(): void };
  #start = 0n;
  #limit = 0;
  #retired = 0;
  #running = false;
  /** Idle since this tick of the guest's clock, when the host's showed that. */
  #idle: { readonly guest: bigint; readonly host: bigint } | undefined;

  constructor(options: VcpuCpuOptions<A>) {
    const { vcpu, port, lines } = options;
    this.#options = options;
    this.vcpu = vcpu;
    this.stops = options.stops ?? NO_STOPS;
    this.inputs = Object.fromEntries(lines.map((line): [string, InterruptLine] => [line, { set: (level) => { vcpu.setLine(line, level); } }]));
    this.registers = doorsOf(vcpu);
    // The host's next event, as an event of the guest's machine, whose clock it must not pass unseen.
    this.#wake = port.clock.event(`vcpu${vcpu.id}.host-event`, () => { /* it is enough that time stops there */ });
  }

  /** Ticks of the host since the run began: the guest's instructions, and what of its waiting the host passed itself. */
  get retired(): number {
    return this.#running ? Number(this.#options.host.now() - this.#start) : this.#retired;
  }

  limit(total: number): void {
    this.#limit = Math.min(this.#limit, total);
  }

  run(budget: number): Stop {
    const { host } = this.#options;
    this.#passIdle();
    this.#start = host.now();
    this.#limit = budget;
    this.#running = true;
    try {
      return this.#run();
    } finally {
      this.#retired = Number(host.now() - this.#start);
      this.#running = false;
    }
  }

  #run(): Stop {
    for (;;) {
      this.#outputs();
      const left = this.#limit - this.retired;
      if (left <= 0) return { kind: 'budget' };
      const exit = this.vcpu.run({ budget: left });
      this.#options.onExit?.(exit);
      const stop = this.#answer(exit);
      if (stop) {
        this.lastExit = exit;
        this.#outputs();
        return stop;
      }
    }
  }

  /** Undefined: dealt with, the guest goes on. */
  #answer(exit: Exit<A>): Stop | undefined {
    switch (exit.kind) {
      case 'mmio': return this.#mmio(exit);
      case 'interrupted': return exit.because === 'request' || exit.because === 'yield' ? { kind: 'budget' } : undefined;
      case 'idle': return this.#idles(exit.until);
      case 'stop': return { kind: 'debug', hit: exit.hit };
      case 'debug': return { kind: 'debug', hit: this.#hit(exit) };
      case 'system-event': return { kind: 'halted', why: exit.event === 'shutdown' || exit.event === 'reset' ? `system-${exit.event === 'shutdown' ? 'off' : 'reset'}` : exit.event };
      case 'hypercall': return undefined;
      case 'shutdown': return { kind: 'halted', why: 'shutdown' };
      case 'no-syndrome': return { kind: 'halted', why: `an access to ${hex(exit.address)} that its syndrome ${hex(exit.syndrome)} does not describe` };
      case 'memory-fault': return { kind: 'halted', why: `no memory for ${hex(exit.address)}` };
      case 'fail-entry': return { kind: 'halted', why: `the processor refused to enter the guest: ${hex(exit.reason)}` };
      case 'internal-error': return { kind: 'halted', why: `${exit.reason}: ${Object.entries(exit.detail).map(([name, value]) => `${name} ${typeof value === 'bigint' ? `0x${value.toString(16)}` : value}`).join(', ')}` };
    }
  }

  /** What nothing answers reads as zero and ignores writes: KVM leaves it to the VMM, and this is a bus without errors. */
  #mmio({ address, length, write, data }: MmioExit): undefined {
    const { memory, monitor, index } = this.#options.port;
    if (write) {
      memory.write(address, length, readUnsigned(data, 0, length, 'little'), index);
      monitor.observe(address, length, index);
    } else writeUnsigned(data, 0, length, memory.read(address, length, index) ?? 0n, 'little');
    return undefined;
  }

  #hit(exit: Extract<Exit<A>, { kind: 'debug' }>): DebugHit {
    return this.#options.breakpoints?.hit(exit) ?? { kind: 'breakpoint', id: 0, address: exit.pc };
  }

  #outputs(): void {
    const { outputs, port } = this.#options;
    for (const [line, name] of Object.entries(outputs ?? {})) port.output(name).set(this.vcpu.deviceLines[line] ?? false);
  }

  #idles(until: bigint | undefined): Stop {
    const { host, port } = this.#options;
    this.#idle = { guest: port.clock.now(), host: host.now() };
    if (until !== undefined) this.#wake.schedule(this.#idle.guest + (until - this.#idle.host));
    else this.#wake.cancel();
    return { kind: 'idle' };
  }

  /** The guest's machine has passed idle time: so does the host. */
  #passIdle(): void {
    if (this.#idle === undefined) return;
    const { host, port } = this.#options;
    const passed = port.clock.now() - this.#idle.guest;
    const target = this.#idle.host + passed;
    this.#idle = undefined;
    this.#wake.cancel();
    if (target > host.now()) host.skipTo(target);
  }

  translate(...args: Parameters<Cpu['translate']>): ReturnType<Cpu['translate']> {
    return this.#options.translate?.(...args) ?? { kind: 'fault', why: 'this guest was set up without translation for debuggers', syndrome: 0n };
  }

  reset(): void {
    this.#idle = undefined;
    this.#options.reset(this.vcpu);
  }

  /** Registers by name. What the hypervisor keeps besides is saved with the host's machine. */
  save(): Plain {
    return Object.fromEntries(this.vcpu.registers.names.map((name) => [name, this.vcpu.registers.read(name) ?? 0n]));
  }
  restore(state: Plain): void {
    for (const [name, value] of Object.entries(state as Readonly<Record<string, bigint>>)) this.vcpu.registers.write(name, value);
  }
}

function doorsOf<A>(vcpu: Vcpu<A>): RegisterDoors {
  const { registers } = vcpu;
  const door: PlainDoor = { read: (name) => registers.read(name), write: (name, value) => registers.write(name, value) };
  return {
    names: registers.names, raw: door, debugger: door,
    guest: {
      read: (name) => { const value = registers.read(name); return value === undefined ? { kind: 'undefined' } : { kind: 'ok', value }; },
      write: (name, value) => (registers.write(name, value) ? { kind: 'ok', value } : { kind: 'undefined' }),
    },
  };
}
