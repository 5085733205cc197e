import { decodeSyndrome, type HostPort, type PortInstruction, type Verdict } from '@worldswitch/arm64-sysreg';
import { loadPlain, storePlain, type AccessShape } from '@worldswitch/engine';
import { V } from '../state.ts';
import type { Arm64Processor } from './cpu.ts';
import type { MoveEvent } from './observation.ts';

/** op1:op2 of MSR (immediate). */
const DAIF_SET = 30n;
const DAIF_CLEAR = 31n;
/** Rt of an instruction that takes no register. */
const NO_REGISTER = 31n;
/** CRm of a DSB for loads and stores (DDI 0487 C6.2 DSB). */
const DSB_OPTION = { sy: 15n, ish: 11n, nsh: 7n, osh: 3n } as const;
const OK: Verdict = { kind: 'ok' };
const DEPARTED: Verdict = { kind: 'departed' };

/**
 * Hosted code's door to a processor: every call is the instruction it names, executed at the present exception level with the
 * program counter of the hosted entry. Redirection, traps, UNDEFINED and reserved bits are the processor's own doing; nothing
 * retires.
 */
export function hostPort(cpu: Arm64Processor): HostPort {
  const { helpers } = cpu;
  /** What came of the instruction at hand; an exception that it took is the verdict. */
  const outcome = (value?: bigint): Verdict => {
    const taken = cpu.lastException;
    if (taken === undefined) return value === undefined ? OK : { kind: 'ok', value };
    const { ec, iss } = decodeSyndrome(taken.syndrome ?? 0n);
    return ec === 0 ? { kind: 'undefined', to: taken.to } : { kind: 'trap', to: taken.to, ec, iss };
  };
  /** For an instruction without a result. */
  const done = (_value: bigint | undefined): Verdict => outcome();
  /** For an instruction whose exception or return is its purpose. */
  const departed = (): Verdict => {
    const verdict = outcome();
    return verdict.kind === 'undefined' ? verdict : DEPARTED;
  };
  const vector = (i: PortInstruction & { readonly op: 'fp' }): Verdict => {
    const { core, access } = cpu;
    const before = i.transfer === 'read' || access.observer !== undefined ? core.state.getVector(V[i.register]) : 0n;
    if (i.transfer === 'write') core.state.setVector(V[i.register], i.value);
    if (access.observer !== undefined) moved(i.transfer, BigInt(i.register), 16, i.transfer === 'read' ? before : i.value, before);
    return i.transfer === 'read' ? { kind: 'ok', value: before } : OK;
  };
  /** Tells the observer, whom the caller has found there. */
  const moved = (move: MoveEvent['move'], at: bigint, size: number, after: bigint, before = after): void => {
    const { core, access, state } = cpu;
    access.observer?.moved({ retired: core.retired, pc: core.pc, el: state.pstate.el }, { move, at, size, before, after });
  };
  return {
    execute(i: PortInstruction): Verdict {
      cpu.wake();
      cpu.lastException = undefined;
      switch (i.op) {
        case 'mrs': return outcome(helpers.mrs(BigInt(i.encoding), 0n));
        case 'msr': return done(helpers.msr(BigInt(i.encoding), 0n, BigInt.asUintN(64, i.value)));
        case 'at':
        case 'dc': return done(helpers.sys(BigInt(i.encoding), 0n, i.address));
        case 'tlbi': return done(helpers.sys(BigInt(i.encoding), i.operand === undefined ? NO_REGISTER : 0n, i.operand ?? 0n));
        case 'ic': return done(helpers.sys(BigInt(i.encoding), i.address === undefined ? NO_REGISTER : 0n, i.address ?? 0n));
        case 'isb': return done(helpers.isb());
        case 'psb': return done(helpers.psb());
        case 'dsb': return done(helpers.dsb(DSB_OPTION[i.domain]));
        case 'daif': return done(helpers.pstateImmediate(i.action === 'set' ? DAIF_SET : DAIF_CLEAR, BigInt(i.mask)));
        case 'ldr': {
          const value = loadPlain(cpu.core, cpu, i.place.address, SHAPES.read[i.size]);
          if (value !== undefined && cpu.access.observer !== undefined) moved('load', i.place.address, i.size, value);
          return outcome(value);
        }
        case 'str': {
          const value = BigInt.asUintN(i.size * 8, i.value);
          const stored = storePlain(cpu.core, cpu, i.place.address, SHAPES.write[i.size], value);
          if (stored && cpu.access.observer !== undefined) moved('store', i.place.address, i.size, value);
          return outcome();
        }
        case 'fp':
          if (cpu.core.gated) return done(cpu.gate());
          return vector(i);
        case 'eret':
          helpers.eret();
          return departed();
        case 'hvc':
          cpu.raise('hvc', [BigInt(i.immediate)]);
          return departed();
        case 'smc':
          cpu.raise('smc', [BigInt(i.immediate)]);
          return departed();
        case 'wfi': {
          const verdict = done(helpers.wfi());
          return verdict.kind === 'ok' && cpu.waiting ? DEPARTED : verdict;
        }
        case 'execute':
          cpu.core.pc = i.address;
          cpu.core.executeUncounted();
          return departed();
      }
    },
  };
}

function shapes(kind: 'read' | 'write'): Readonly<Record<1 | 2 | 4 | 8, AccessShape>> {
  const shape = (size: 1 | 2 | 4 | 8): AccessShape => ({ kind, size, element: size, alignment: 'normal', alignTo: size, unprivileged: false, attributes: 0 });
  return { 1: shape(1), 2: shape(2), 4: shape(4), 8: shape(8) };
}
const SHAPES = { read: shapes('read'), write: shapes('write') } as const;
