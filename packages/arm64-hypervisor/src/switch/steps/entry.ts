/** Into the guest and out of it: general registers, the vector, and what an abort left behind. */
import { EC, ISR_EL1, ISS, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import type { Block } from '../../context/block.ts';
import { VECTOR } from '../../host/layout.ts';
import type { HostedCode } from '../code.ts';
import type { Step, SwitchContext } from '../step.ts';

/** Registers a call preserves (AAPCS64): the host's that a round trip must keep. The frame and link registers are among them. */
const CALLEE_SAVED = Array.from({ length: 12 }, (_, n) => 19 + n);
const ALL = Array.from({ length: 31 }, (_, n) => n);
/** Offset of an entry in a vector table. */
const IN_TABLE = 0x7ffn;

function save(code: HostedCode, block: Block, registers: readonly number[]): void {
  for (const n of registers) code.store(block, `x${n}`, code.processor.general(n));
}

function restore(code: HostedCode, block: Block, registers: readonly number[]): void {
  for (const n of registers) code.processor.setGeneral(n, code.load(block, `x${n}`));
}

export const guestEnter: Step = {
  id: 'guest-enter', phase: 'enter', el: 2, kind: 'general', after: ['guest-sysregs-restore'],
  because: 'everything else is the guest\'s by now; x0 to x30 come last because the code itself needs them, and the ERET ends it',
  run: ({ code, host, vcpu }) => {
    save(code, host.context, CALLEE_SAVED);
    restore(code, vcpu.context, ALL);
    code.depart('eret');
  },
};

export const vector: Step = {
  id: 'vector', phase: 'exit', el: 2, kind: 'vector',
  because: 'the vector asks what happened and to whom before it may touch anything',
  run: ({ code, host, scratch }) => {
    const esr = code.read('ESR_EL2');
    const percpu = code.read('TPIDR_EL2');
    if (scratch.exit?.code === 'sync') scratch.exit = { code: 'sync', esr };
    scratch.handle = percpu === host.context.address ? code.load(host.context, 'running-vcpu') : 0n;
  },
};

export const guestExit: Step = {
  id: 'guest-exit', phase: 'exit', el: 2, kind: 'general', after: ['vector'],
  because: 'the guest\'s general registers go first, for the code needs them; then the host\'s that its caller expects',
  run: ({ code, host, vcpu }) => {
    save(code, vcpu.context, ALL);
    restore(code, host.context, CALLEE_SAVED);
  },
};

export const serrorWindow: Step = {
  id: 'serror-window', phase: 'exit', el: 2, kind: 'vector', after: ['guest-exit'],
  because: 'an SError of the guest\'s making must not be found later and blamed on the host: one instruction with A clear; what an exception would overwrite is read before',
  run: ({ code, scratch }) => {
    const elr = code.read(code.hyp.ELR);
    const esr = code.read(code.hyp.ESR);
    const spsr = code.read(code.hyp.SPSR);
    code.dsb('sy');
    code.daif('clear', 0x4);
    code.isb();
    const taken = serrorTaken(code);
    code.daif('set', 0x4);
    if (!taken || scratch.exit === undefined) return;
    code.write(code.hyp.ELR, elr);
    code.write(code.hyp.ESR, esr);
    code.write(code.hyp.SPSR, spsr);
    scratch.exit = { ...scratch.exit, serror: 'behind' };
  },
};

/** Whether the processor takes an SError here, to EL2's own vectors. None of the code's doing: nobody asks for it, and the ledger has no row. */
function serrorTaken({ processor }: HostedCode): boolean {
  if (((processor.debugger.read('ISR_EL1') ?? 0n) & ISR_EL1.mask('A')) === 0n) return false;
  const stop = processor.run(1);
  return stop.kind === 'hosted' && (stop.at & IN_TABLE) === VECTOR.currentSerror;
}

/** PA[47:12] of PAR_EL1 in the place HPFAR_EL2 has it (DDI 0487 HPFAR_EL2). */
const hpfarFromPar = (par: bigint): bigint => ((par >> 12n) & ((1n << 36n) - 1n)) << 4n;

/** The intermediate address of an abort whose HPFAR_EL2 is not valid: by translating again. Undefined when that fails. */
export function walkAgain({ code }: SwitchContext, far: bigint): bigint | undefined {
  const kept = code.read('PAR_EL1');
  code.translate('AT S1E1R', far);
  code.isb();
  const par = code.read('PAR_EL1');
  code.write('PAR_EL1', kept);
  return (par & 1n) !== 0n ? undefined : hpfarFromPar(par);
}

const ABORTS: readonly number[] = [EC.IABT_LOW, EC.DABT_LOW];
const PERMISSION_FAULT = 0b0011;

/** Where an abort or a watchpoint was met, as far as the processor says. */
function faultAddress(c: SwitchContext): void {
  const { code, vcpu, scratch, faithful } = c;
  const { ec, iss } = decodeSyndrome(scratch.exit?.esr ?? 0n);
  if (!ABORTS.includes(ec) && (ec !== EC.WATCHPT_LOW || faithful.has('stale-far'))) return;
  const far = code.read(code.hyp.FAR);
  code.store(vcpu.state, 'fault-far', far);
  if (ec === EC.WATCHPT_LOW) return;
  const { S1PTW, DFSC } = ISS.dabt.decode(BigInt(iss));
  const permission = DFSC >> 2 === PERMISSION_FAULT && S1PTW === 0;
  const hpfar = permission ? walkAgain(c, far) : code.read('HPFAR_EL2');
  // The guest changed its tables meanwhile: let it fault again, on what it has now.
  if (hpfar === undefined) scratch.handled = 'fixup';
  else code.store(vcpu.state, 'fault-hpfar', hpfar);
}

export const faultInfo: Step = {
  id: 'fault-info', phase: 'fixup', el: 2, kind: 'fault', after: ['guest-exit'],
  because: 'FAR and HPFAR belong to EL2 and are gone with the next exception there; for watchpoints too, whose address is in FAR alone. An SError goes first',
  when: ({ scratch }) => scratch.exit?.code === 'sync' && scratch.exit.serror === undefined,
  run: (c) => {
    c.code.store(c.vcpu.state, 'fault-esr', c.scratch.exit?.esr ?? 0n);
    faultAddress(c);
  },
};

/** Where the syndrome is kept by a step of its own, for whatever class. */
export const faultInfoLate: Step = { ...faultInfo, run: faultAddress };

export const returnToHost: Step = {
  id: 'return-to-host', phase: 'restore-host', el: 2, kind: 'vector', modes: ['nvhe'], after: ['host-sysregs-restore', 'debug-to-host', 'timer-traps-off'],
  because: 'the host called by HVC from EL1, and ELR and SPSR are its own again',
  run: ({ code }) => { code.depart('eret'); },
};
