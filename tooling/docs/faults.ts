/** The generated parts of docs/faults.md: each fault demonstrated both ways, by number. */
import { CP14_ROWS, FAULTS, type Fault, type FaultName } from '@worldswitch/arm64-hypervisor';
import { decodeDebugExit } from '@worldswitch/arm64-hypervisor/vmm';
import { EC, ISS, MDSCR_EL1 } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { KvmError, Ledger } from '@worldswitch/hypervisor';
import { comparison } from '../../apps/cli/src/switch/compare.ts';
import { setDebugFromBuffer } from '../../packages/arm64-hypervisor/src/guest/one-reg.ts';
import { VcpuMemory } from '../../packages/arm64-hypervisor/src/guest/vcpu-memory.ts';
import { lab } from '../../packages/arm64-hypervisor/src/test/lab.ts';
import { guestMachine, program } from '../../packages/vmm/src/test/guest-machine.ts';
import { GUEST, PERIOD, inHost, profiledHost, runGuest } from '../../packages/vmm/src/test/profiled-host.ts';

type Faithful = readonly FaultName[];

/** What a user sees on a host that has these faults, in a phrase with its numbers. */
export type Demonstration = (faithful: Faithful) => string;

const RAM = 0x4000_0000n;
const SYSTEM_OFF = 'movz x0, #0x8, lsl #0\n movk x0, #0x8400, lsl #16\n hvc #0\n';
const BUDGET = 10_000;

const oneRegCopy: Demonstration = (faithful) => {
  const { processor } = lab('nvhe', { revision: 'debug-ptr' });
  const memory = new VcpuMemory(1, 0x4000_8000n, processor.memory, 'little');
  const buffer = Uint8Array.of(0x00, 0x10, 0x20, 0x40, 0, 0, 0, 0);
  let outcome = 'succeeds';
  try {
    setDebugFromBuffer({ memory, faithful: new Set(faithful) }, 'bvr', 3, buffer, 'little');
  } catch (error) {
    if (!(error instanceof KvmError)) throw error;
    outcome = `fails with ${error.errno}`;
  }
  return `KVM_SET_ONE_REG of DBGBVR3_EL1 with 0x40201000 ${outcome}; the register is ${hex(memory.debugRegister('bvr', 3))}, the caller's buffer holds ${hex(new DataView(buffer.buffer).getBigUint64(0, true))}`;
};

const bcr0Unlisted: Demonstration = (faithful) => {
  const { vcpu } = lab('nvhe', { revision: 'debug-ptr', faithful });
  const names = vcpu.registers.names.filter((name) => /^DBG[BW][CV]R\d/.test(name));
  return `the register list has ${names.length} breakpoint and watchpoint registers, DBGBCR0_EL1 ${names.includes('DBGBCR0_EL1') ? 'among them' : 'not among them'}`;
};

const aarch32Halves: Demonstration = (faithful) => {
  const one = lab('nvhe', { revision: 'debug-ptr', byteOrder: 'big', faithful });
  const row = CP14_ROWS.find(({ name }) => name === 'DBGBCR3');
  if (row === undefined) throw new Error('DBGBCR3 is no row of coprocessor 14');
  const [Opc1, CRn, CRm, Opc2] = row.encoding;
  one.run((p) => {
    p.x[2] = 0x1e7n;
    return p.take({ ec: EC.CP14_MR, il: 1, iss: Number(ISS.mcr.encode({ Opc1, CRn, CRm, Opc2, Rt: 2, Direction: 0, CV: 1, COND: 14 })) });
  });
  return `an AArch32 guest on a big-endian host writes 0x1e7 to DBGBCR3; the slot that is loaded into DBGBCR3_EL1 holds ${hex(one.vcpu.getRegister('DBGBCR3_EL1'))}`;
};

const staleFar: Demonstration = (faithful) => {
  const machine = guestMachine({
    mode: 'nvhe', revision: 'two-hooks', faithful,
    image: program(`mov x2, #0x9000000\n ldr w3, [x2, #0x18]\n movz x4, #0x4000, lsl #16\n str x3, [x4, #0x100]\n ${SYSTEM_OFF}`),
  });
  machine.breakpoints.watchpoint(RAM + 0x100n, 8, 'write');
  machine.run(BUDGET);
  const { lastExit } = machine.cpu;
  if (lastExit?.kind !== 'debug') throw new Error(`the watchpoint did not hit: ${lastExit?.kind ?? 'no exit'}`);
  const seen = decodeDebugExit(lastExit);
  return `a guest reads its UART at 0x9000018, then stores to 0x40000100, which is watched: the exit says ${seen.kind} at ${hex(lastExit.arch.far)}`;
};

const timerBits: Demonstration = (faithful) => {
  const machine = guestMachine({ mode: 'vhe', revision: 'vhe', faithful, image: program(`mrs x20, CNTPCT_EL0\n mrs x20, CNTPCT_EL0\n mrs x20, CNTPCT_EL0\n ${SYSTEM_OFF}\n`), report: () => undefined });
  const ledger = new Ledger();
  machine.hypervisor.host.code.ledger = ledger;
  machine.run(40);
  const traps = ledger.rows.filter(({ operation, written }) => operation === 'exception' && written === 'SYS64').length;
  const control = machine.hostCpu.registers.debugger.read('CNTHCTL_EL2') ?? 0n;
  return `a guest reads CNTPCT_EL0: ${traps === 0 ? 'no trap' : 'it traps with class 0x18, and the hypervisor knows no such register'}; CNTHCTL_EL2 is ${hex(control)}`;
};

const unsharedMdscr: Demonstration = (faithful) => {
  const machine = guestMachine({ mode: 'vhe', revision: 'vhe', faithful, image: program(SYSTEM_OFF) });
  machine.vcpu.setRegister('MDSCR_EL1', MDSCR_EL1.encode({ MDE: 1, KDE: 1 }));
  machine.run(BUDGET);
  machine.vcpu.getRegister('CNTVOFF_EL2');
  const after = machine.hostCpu.registers.debugger.read('MDSCR_EL1') ?? 0n;
  const [pair] = comparison({ revision: 'vhe', mode: 'vhe', faithful: faithful.join(',') }).pairs;
  return `after a guest that has MDE and KDE set, the host's MDSCR_EL1 is ${hex(after)}; a round trip moves ${pair.context.sum} context registers`;
};

const unmaskedSwitch: Demonstration = (faithful) => {
  const machine = guestMachine({ mode: 'vhe', revision: 'two-hooks', faithful, image: program(`nop\n nop\n nop\n ${SYSTEM_OFF}`) });
  machine.vcpu.setRegister('MDSCR_EL1', MDSCR_EL1.encode({ KDE: 1 }));
  machine.breakpoints.stepping = true;
  const places = Array.from({ length: 3 }, () => {
    machine.run(BUDGET);
    const { lastExit } = machine.cpu;
    return lastExit?.kind === 'debug' ? `+${lastExit.pc - RAM}` : lastExit?.kind ?? 'no exit';
  });
  return `a guest whose MDSCR_EL1.KDE is set is stepped three times: it stands at ${places.join(', ')}`;
};

const lateDrain: Demonstration = (faithful) => {
  const host = profiledHost('nvhe', faithful);
  host.host(PERIOD * 3);
  runGuest(host);
  const status = host.read('PMBSR_EL1');
  return `a host at EL1 has taken 3 samples when the guest is entered: ${host.records().length} of them are in its buffer afterwards, and PMBSR_EL1 is ${hex(status)}${status === 0n ? '' : ' (an external abort: the buffer\'s address was looked up elsewhere)'}`;
};

const profiledGuest: Demonstration = (faithful) => {
  const host = profiledHost('vhe', faithful);
  host.write('PMSCR_EL1', 3n);
  host.host(PERIOD * 3);
  const executed = runGuest(host);
  host.host(PERIOD * 8);
  const records = host.records();
  const guests = records.filter(({ pc }) => pc.el === 1 && pc.address >= GUEST && pc.address < GUEST + 0x100n).length;
  return `a host at EL2 samples one instruction in ${PERIOD}; of a guest that executes ${executed}, its buffer has ${guests} samples, beside ${records.filter(inHost).length} of its own`;
};

/** By fault. */
export const DEMONSTRATIONS: Readonly<Record<FaultName, Demonstration>> = {
  'late-drain': lateDrain, 'profiled-guest': profiledGuest,
  'one-reg-copy': oneRegCopy, 'bcr0-unlisted': bcr0Unlisted, 'aarch32-halves': aarch32Halves, 'stale-far': staleFar, 'timer-bits': timerBits, 'unshared-mdscr': unsharedMdscr,
  'unmasked-switch': unmaskedSwitch,
};

function block(name: FaultName): string {
  const { revisions, fate }: Fault = FAULTS[name];
  const lines = [`- **In** ${revisions.map((revision) => `\`${revision}\``).join(', ')}; \`--faithful ${name}\`.`];
  const [faithful, corrected] = [DEMONSTRATIONS[name]([name]), DEMONSTRATIONS[name]([])];
  if (faithful === corrected) throw new Error(`${name}: a host that has it shows the same as one that does not: ${corrected}`);
  lines.push(`- **Faithful**: ${faithful}.`, `- **Corrected**: ${corrected}.`);
  return [...lines, `- **Later**: ${fate}.`].join('\n');
}

/** By the names that docs/faults.md uses: those of the faults. */
export const FAULT_BLOCKS: Readonly<Record<string, () => string>> = Object.fromEntries((Object.keys(FAULTS) as FaultName[]).map((name) => [name, () => block(name)]));
