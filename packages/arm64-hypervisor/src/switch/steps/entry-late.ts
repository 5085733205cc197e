/** Into the guest and out of it since 2018: what is pending is looked for before the guest is entered, and after it has left. */
import { EC, ISR_EL1, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import { PSTATE } from '../../guest/guest.ts';
import { VECTOR } from '../../host/layout.ts';
import type { Step, SwitchContext } from '../step.ts';

export const pendingCheck: Step = {
  id: 'pending-check', phase: 'enter', el: 2, kind: 'mask',
  because: 'an interrupt that is pending would only bring the guest out again, and an SError would be taken for the guest\'s: back to the host, as if an interrupt had come',
  run: ({ code, scratch }) => {
    if (code.read('ISR_EL1') === 0n) return;
    code.isb();
    scratch.exit = { code: 'irq', esr: 0n };
  },
};

export const vectorLate: Step = {
  id: 'vector', phase: 'exit', el: 2, kind: 'vector',
  because: 'the vector asks what happened and to whom before it may touch anything',
  run: ({ code, host, scratch }) => {
    const esr = code.read('ESR_EL2');
    const percpu = code.read('TPIDR_EL2');
    if (scratch.exit?.code === 'sync') scratch.exit = { code: 'sync', esr };
    // Only an exception of EL2's own asks: was it the return that the entry made illegal?
    if (scratch.exit?.code === 'illegal') {
      scratch.illegalReturn = (code.read(code.hyp.SPSR) & PSTATE.IL) !== 0n && decodeSyndrome(esr).ec === EC.ILL;
    }
    scratch.handle = percpu === host.context.address ? code.load(host.context, 'running-vcpu') : 0n;
  },
};

const SERROR_PENDING = ISR_EL1.mask('A');
const MASK_A = 0x4;

/** One instruction with A clear. The exception is to EL2's own vectors, and overwrites what the guest's left there. */
function window({ code, scratch }: SwitchContext): void {
  const elr = code.read(code.hyp.ELR);
  const esr = code.read(code.hyp.ESR);
  const spsr = code.read(code.hyp.SPSR);
  code.daif('clear', MASK_A);
  const stop = code.processor.run(1);
  code.daif('set', MASK_A);
  if (stop.kind !== 'hosted' || (stop.at & 0x7ffn) !== VECTOR.currentSerror || scratch.exit === undefined) return;
  scratch.exit = { ...scratch.exit, serror: true };
  code.write(code.hyp.ELR, elr);
  code.write(code.hyp.ESR, esr);
  code.write(code.hyp.SPSR, spsr);
}

export const serrorCheck: Step = {
  id: 'serror-check', phase: 'exit', el: 2, kind: 'vector', after: ['vector'],
  because: 'an SError that is pending now is of the guest\'s making, and must not be found later and blamed on the host; without one there is nothing to open a window for',
  run: (c) => {
    c.code.dsb('sy');
    c.code.isb();
    if ((c.code.read('ISR_EL1') & SERROR_PENDING) !== 0n) window(c);
  },
};

export const guestPstateSave: Step = {
  id: 'guest-pstate-save', phase: 'fixup', el: 2, kind: 'context',
  because: 'whatever looks at the exit asks for the guest\'s mode: PSTATE first',
  run: ({ code, vcpu }) => { code.save(code.hyp.SPSR, vcpu.context, 'PSTATE'); },
};

export const exitSyndrome: Step = {
  id: 'exit-syndrome', phase: 'fixup', el: 2, kind: 'fault',
  because: 'for an HVC the return address is behind it; with an SError to be delivered first it has not happened, and is done again',
  when: ({ scratch }) => scratch.exit?.code === 'sync',
  run: ({ code, vcpu, scratch }) => {
    const esr = code.read(code.hyp.ESR);
    code.store(vcpu.state, 'fault-esr', esr);
    if (scratch.exit?.serror && decodeSyndrome(esr).ec === EC.HVC64) code.write(code.hyp.ELR, code.read(code.hyp.ELR) - 4n);
  },
};

const setRunning = ({ code, host, vcpu }: SwitchContext): void => { code.store(host.context, 'running-vcpu', vcpu.address); };
const clearRunning = ({ code, host }: SwitchContext): void => { code.store(host.context, 'running-vcpu', 0n); };

export const runningVcpu: Step = {
  id: 'running-vcpu', phase: 'save-host', el: 2, kind: 'handle', after: ['host-sysregs-save'],
  because: 'the vectors find the vCPU through the host context that TPIDR_EL2 points to; a panic takes it for the sign that the host\'s registers are saved',
  run: setRunning,
};

export const noRunningVcpu: Step = {
  id: 'no-running-vcpu', phase: 'restore-host', el: 2, kind: 'handle', after: ['host-sysregs-restore'],
  because: 'the host has everything back: a panic from here on has nothing to bring back',
  run: clearRunning,
};

/** The same by mode, where a vCPU with VHE is known from load to put. */
export const runningVcpuByMode: Readonly<Record<'nvhe' | 'load' | 'clear' | 'put', Step>> = {
  nvhe: { ...runningVcpu, modes: ['nvhe'] },
  clear: { ...noRunningVcpu, modes: ['nvhe'] },
  load: {
    id: 'running-vcpu', phase: 'load', el: 2, kind: 'handle', modes: ['vhe'],
    because: 'the vectors are the guest\'s only while it runs, so who they would find may be known from load to put', run: setRunning,
  },
  put: {
    id: 'no-running-vcpu', phase: 'put', el: 2, kind: 'handle', modes: ['vhe'],
    because: 'a vCPU that is put may be gone before another is loaded', run: clearRunning,
  },
};
