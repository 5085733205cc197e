/**
 * guests/arm64/steps as a guest: where its single steps, breakpoints and watchpoints stop is where QEMU's instruction trace of the same ELF
 * at EL1 goes, and what they report is what KVM reports (the syndromes of DDI 0487 D24.2.40, ESR_EL2).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DEFAULT_REVISION, PAIRS, REVISIONS, type Arm64DebugExit } from '@worldswitch/arm64-hypervisor';
import type { Exit } from '@worldswitch/hypervisor';
import { elfSymbols, parseElf } from '@worldswitch/image';
import { beforeAll, describe, expect, it } from 'vitest';
import { QEMU, runDigested, type TraceRow } from '../../../../tooling/oracles/qemu/index.ts';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { guestMachine, type GuestMachine } from '../../src/test/guest-machine.ts';

/** Pairs in which the VMM can debug a guest at all. */
const DEBUGGED = PAIRS.filter(({ revision }) => REVISIONS.find(({ name }) => name === revision)?.guestDebug !== 'none');
const UNDEBUGGED = PAIRS.filter((pair) => !DEBUGGED.includes(pair));
/** Every word of the stretch several times over. */
const STEPS = 1000;
/** Every word once: enough for a switch that is not the one of everybody who does not choose. */
const SOME_STEPS = 250;
const PATH = fileURLToPath(new URL('../../../../guests/arm64/steps/steps.elf', import.meta.url));
const elf = new Uint8Array(readFileSync(PATH));
const stretch = elfSymbols(parseElf(elf)).find(({ name }) => name === 'stretch')?.value as bigint;

/** Words of the stretch that a hypervisor or a debugger has to do with. */
const WORD = { mmio: 0xb9401943, mrs: 0xd5380404, wfi: 0xd503207f, svc: 0xd4000021, brk: 0xd4200040, eret: 0xd69f03e0, store: 0xf81f0fe6, load: 0xf84107e6, mmioStore: 0xb9003947 } as const;
const HSR = { breakpoint: 0xc200_0022, read: 0xd200_0022, write: 0xd200_0062, brk: 0xf200_0002, stepped: 0xcb00_0022, pending: 0xca00_0022 } as const;
/**
 * Without ISV. Emulated: the step ends before the next entry's first instruction, with no instruction of the processor's behind it (ISV 0). WFI is not
 * among them: HCR_EL2.TWI traps it only if it would wait (DDI 0487 HCR_EL2), and here its interrupt is pending. SVC: it was the exception, not
 * the instruction's completion, that ended the step (DDI 0487 D2.12).
 */
const WITHOUT_ISV: readonly number[] = [WORD.mmio, WORD.mmioStore, WORD.mrs, WORD.svc];

type DebugExit = Extract<Exit<Arm64DebugExit>, { kind: 'debug' }>;

describe.runIf(haveTools(QEMU, 'gcc'))('a guest stops where QEMU\'s trace goes', () => {
  let trace: readonly TraceRow[];
  /** Index in the trace of the first instruction with this word, from the stretch on. */
  const first = (word: number): TraceRow => trace.find((row) => row.word === word) as TraceRow;

  beforeAll(() => {
    const whole = runDigested({ cpu: 'neoverse-n1', el2: false, blocks: 1, trace: { from: 0, to: 65_536 } }, ['-kernel', PATH]).trace;
    trace = whole.slice(whole.findIndex(({ pc }) => pc === stretch));
    expect(trace.length).toBeGreaterThan(STEPS);
  });

  const debugExit = (machine: GuestMachine): DebugExit => {
    expect(machine.run(1_000_000)).toMatchObject({ kind: 'debug' });
    return machine.cpu.lastExit as DebugExit;
  };
  const finish = (machine: GuestMachine): void => {
    machine.breakpoints.clear();
    machine.breakpoints.stepping = false;
    expect(machine.run(1_000_000)).toEqual({ kind: 'halted', why: 'system-off', cpu: 0 });
    expect(machine.console).toContain('steps done rounds=0x28 exceptions=0x50');
  };
  /** What a debugger does with a breakpoint instruction that is the guest's own: KVM leaves it to user space. */
  const inject = ({ vcpu }: GuestMachine, { pc, arch }: DebugExit): void => {
    const vectors = vcpu.getRegister('VBAR_EL1');
    vcpu.setRegister('ESR_EL1', BigInt(arch.hsr));
    vcpu.setRegister('ELR_EL1', pc);
    vcpu.setRegister('SPSR_EL1', vcpu.getRegister('pstate'));
    vcpu.setRegister('pstate', 0x3c5n);
    vcpu.setRegister('pc', vectors + 0x200n);
  };

  it.each(DEBUGGED)('by single steps, $revision on $mode', (pair) => {
    const kinds: string[] = [];
    const machine = guestMachine({ ...pair, image: { kind: 'elf', elf }, onExit: ({ kind }) => { kinds.push(kind); } });
    machine.breakpoints.breakpoint(stretch);
    expect(debugExit(machine)).toEqual({ kind: 'debug', pc: stretch, arch: { hsr: HSR.breakpoint, far: 0n } });
    machine.breakpoints.clear();
    machine.breakpoints.stepping = true;
    const seen = new Set<number>();
    const steps = pair.revision === DEFAULT_REVISION.name ? STEPS : SOME_STEPS;
    for (let n = 0; n < steps; n++) {
      const { word, pc } = trace[n];
      expect(machine.vcpu.getRegister('pc'), `step ${n}`).toBe(pc);
      seen.add(word);
      kinds.length = 0;
      const exit = debugExit(machine);
      if (word === WORD.brk) {
        expect(exit).toEqual({ kind: 'debug', pc, arch: { hsr: HSR.brk, far: 0n } });
        inject(machine, exit);
        continue;
      }
      const hsr = WITHOUT_ISV.includes(word) ? HSR.pending : HSR.stepped;
      expect(exit, `step ${n}, ${word.toString(16)}`).toEqual({ kind: 'debug', pc: trace[n + 1].pc, arch: { hsr, far: 0n } });
      if (word === WORD.mmio || word === WORD.mmioStore) expect(kinds.filter((kind) => kind !== 'interrupted')).toEqual(['mmio', 'debug']);
    }
    for (const word of Object.values(WORD)) expect(seen, word.toString(16)).toContain(word);
    finish(machine);
  });

  it.each(DEBUGGED)('at breakpoints on every instruction that is more than arithmetic, $revision on $mode', (pair) => {
    const machine = guestMachine({ ...pair, image: { kind: 'elf', elf } });
    for (const name of ['mmio', 'mrs', 'wfi', 'svc', 'eret', 'store'] as const) {
      const { pc } = first(WORD[name]);
      const id = machine.breakpoints.breakpoint(pc);
      const hit = machine.run(1_000_000);
      // The guest's own BRK reports to the debugger while it debugs.
      if (machine.vcpu.getRegister('pc') === first(WORD.brk).pc) {
        expect(machine.cpu.lastExit).toEqual({ kind: 'debug', pc: first(WORD.brk).pc, arch: { hsr: HSR.brk, far: 0n } });
        inject(machine, machine.cpu.lastExit as DebugExit);
        debugExit(machine);
      } else expect(hit).toMatchObject({ kind: 'debug', hit: { kind: 'breakpoint', id } });
      expect(machine.cpu.lastExit, name).toEqual({ kind: 'debug', pc, arch: { hsr: HSR.breakpoint, far: 0n } });
      machine.breakpoints.remove(id);
    }
    finish(machine);
  });

  it.each(DEBUGGED)('at watchpoints, at the accessing instruction and with the address, $revision on $mode', (pair) => {
    const machine = guestMachine({ ...pair, image: { kind: 'elf', elf } });
    machine.breakpoints.breakpoint(first(WORD.store).pc);
    while (debugExit(machine).pc !== first(WORD.store).pc) inject(machine, machine.cpu.lastExit as DebugExit);
    const slot = machine.vcpu.getRegister('sp') - 16n;
    machine.breakpoints.clear();
    machine.breakpoints.watchpoint(slot, 8, 'write');
    expect(debugExit(machine)).toEqual({ kind: 'debug', pc: first(WORD.store).pc, arch: { hsr: HSR.write, far: slot } });
    expect(machine.vcpu.getRegister('sp')).toBe(slot + 16n);
    machine.breakpoints.clear();
    machine.breakpoints.watchpoint(slot, 8, 'read');
    expect(debugExit(machine)).toEqual({ kind: 'debug', pc: first(WORD.load).pc, arch: { hsr: HSR.read, far: slot } });
    finish(machine);
  });

  it.each(UNDEBUGGED)('nowhere under $revision, which has nothing for a debugger: a request is refused, and the guest runs to its end', (pair) => {
    const machine = guestMachine({ ...pair, image: { kind: 'elf', elf } });
    expect(() => { machine.vcpu.setGuestDebug({ enable: true, singleStep: true }); }).toThrow(/EINVAL.*2015-base has nothing for a debugger in the VMM/);
    finish(machine);
  });
});
