import { decodeSyndrome, type HostPort, type PortInstruction, type Verdict } from '@worldswitch/arm64-sysreg';
import type { AccessShape } from '@worldswitch/engine';
import { V } from '../state.ts';
import type { Arm64Processor } from './cpu.ts';

const DAIF_SET = 30;
const DAIF_CLEAR = 31;

/**
 * Hosted code's door to a processor: every call is the instruction it names, executed at the present exception level with the
 * program counter of the hosted entry. Redirection, traps, UNDEFINED and reserved bits are the processor's own doing; nothing
 * retires.
 */
export function hostPort(cpu: Arm64Processor): HostPort {
  /** Runs one instruction; an exception that it took is the verdict. */
  const attempt = (run: () => bigint | undefined): Verdict => {
    let taken: { readonly to: 1 | 2; readonly syndrome?: bigint } | undefined;
    const stop = cpu.onException((entry) => { taken = entry; });
    const value = run();
    stop();
    if (taken === undefined) return value === undefined ? { kind: 'ok' } : { kind: 'ok', value };
    const { ec, iss } = decodeSyndrome(taken.syndrome ?? 0n);
    return ec === 0 ? { kind: 'undefined', to: taken.to } : { kind: 'trap', to: taken.to, ec, iss };
  };
  /** Like `attempt`, for an instruction whose exception or return is its purpose. */
  const depart = (run: () => unknown): Verdict => {
    const verdict = attempt(() => {
      run();
      return undefined;
    });
    return verdict.kind === 'undefined' ? verdict : { kind: 'departed' };
  };
  const helper = (name: string, ...args: bigint[]): Verdict => attempt(() => cpu.helpers[name](...args));
  return {
    execute(i: PortInstruction): Verdict {
      cpu.wake();
      switch (i.op) {
        case 'mrs': return helper('mrs', BigInt(i.encoding), 0n);
        case 'msr': return withoutValue(helper('msr', BigInt(i.encoding), 0n, BigInt.asUintN(64, i.value)));
        case 'at': return withoutValue(helper('sys', BigInt(i.encoding), 0n, i.address));
        case 'tlbi': return withoutValue(helper('sys', BigInt(i.encoding), i.operand === undefined ? 31n : 0n, i.operand ?? 0n));
        case 'dc': return withoutValue(helper('sys', BigInt(i.encoding), 0n, i.address));
        case 'ic': return withoutValue(helper('sys', BigInt(i.encoding), i.address === undefined ? 31n : 0n, i.address ?? 0n));
        case 'isb': return withoutValue(helper('isb'));
        case 'dsb': return withoutValue(helper('dsb', 15n));
        case 'daif': return withoutValue(helper('pstateImmediate', BigInt(i.action === 'set' ? DAIF_SET : DAIF_CLEAR), BigInt(i.mask)));
        case 'ldr': {
          return attempt(() => cpu.core.access(i.place.address, shape('read', i.size))?.read(0, i.size));
        }
        case 'str': {
          return attempt(() => {
            cpu.core.access(i.place.address, shape('write', i.size))?.write(0, i.size, BigInt.asUintN(i.size * 8, i.value));
            return undefined;
          });
        }
        case 'fp': {
          if (cpu.core.gated) return attempt(() => cpu.gate());
          if (i.transfer === 'read') return { kind: 'ok', value: cpu.core.state.getVector(V[i.register]) };
          cpu.core.state.setVector(V[i.register], i.value);
          return { kind: 'ok' };
        }
        case 'eret': return depart(() => cpu.helpers.eret());
        case 'hvc': return depart(() => { cpu.raise('hvc', [BigInt(i.immediate)]); });
        case 'smc': return depart(() => { cpu.raise('smc', [BigInt(i.immediate)]); });
        case 'wfi': {
          const verdict = withoutValue(helper('wfi'));
          return verdict.kind === 'ok' && cpu.waiting ? { kind: 'departed' } : verdict;
        }
      }
    },
  };
}

function withoutValue(verdict: Verdict): Verdict {
  return verdict.kind === 'ok' ? { kind: 'ok' } : verdict;
}
function shape(kind: 'read' | 'write', size: 1 | 2 | 4 | 8): AccessShape {
  return { kind, size, element: size, alignment: 'normal', alignTo: size, unprivileged: false, attributes: 0 };
}
