/**
 * The guest of the proofs: it leaves in every way, looks at each of its registers, changes each of them, leaves again and looks again.
 * What it sees it stores in its memory. Handlers count; they and the program use no stack.
 */

export const GUEST = { code: 0x4000_0000n, vectors: 0x4000_2000n, otherVectors: 0x4000_2800n, counters: 0x4000_3000n, values: 0x4000_3800n, data: 0x4000_4000n, dump: 0x4000_5000n } as const;
/** A block of stage 2, so that one fault maps it; little of it is used. */
export const GUEST_MEMORY = 0x20_0000n;
/** Where the read-only slot is, and where nobody is. */
export const READ_ONLY = 0x5000_0000n;
export const NOBODY = 0x0900_0000n;

/** Registers that the guest reads and changes itself, in the order of its table of new values. */
export const CHANGED = [
  'CSSELR_EL1', 'SCTLR_EL1', 'CPACR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'ESR_EL1', 'AFSR0_EL1', 'AFSR1_EL1', 'FAR_EL1', 'MAIR_EL1', 'VBAR_EL1',
  'CONTEXTIDR_EL1', 'AMAIR_EL1', 'CNTKCTL_EL1', 'TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'SP_EL0', 'ELR_EL1', 'SPSR_EL1',
] as const;
const READ = [...CHANGED, 'PAR_EL1', 'ACTLR_EL1', 'MPIDR_EL1', 'MIDR_EL1'] as const;

const units = (bank: string, count: number): string[] => Array.from({ length: count }, (_, n) => `DBG${bank}${n}_EL1`);
/** The debug registers of a guest that uses them itself. */
export function debugRegisters(breakpoints: number, watchpoints: number): readonly string[] {
  return [...units('BVR', breakpoints), ...units('BCR', breakpoints), ...units('WVR', watchpoints), ...units('WCR', watchpoints), 'MDCCINT_EL1'];
}

const keep = (register: string): string => `str ${register}, [x28], #8\n`;
const look = (names: readonly string[]): string => names.map((name) => `mrs x3, ${name}\n${keep('x3')}`).join('');
/** The first write traps and makes the set one that is switched; until the next exit the guest then has it in hardware. */
const lookDebug = (names: readonly string[]): string => (names.length === 0 ? '' : `msr ${names[2]}, xzr\n${look(names)}`);
const GENERAL = Array.from({ length: 31 }, (_, n) => n);
/**
 * Every general register is another at one exit than it was at the entry before, and back at the next: what is not saved shows. The
 * exits are trapped reads into nowhere, which use no register.
 */
const invertGeneral = GENERAL.map((n) => `mvn x${n}, x${n}\n`).join('');
const turnGeneral = `${invertGeneral}mrs xzr, ID_AA64PFR0_EL1\n${invertGeneral}mrs xzr, ID_AA64PFR0_EL1\n${GENERAL.filter((n) => n !== 28).map((n) => keep(`x${n}`)).join('')}`;
/** A control that means nothing here, in the register that has the others. */
const DEBUG_CONTROL = `mrs x3, MDSCR_EL1\neor x3, x3, #0x1000\nmsr MDSCR_EL1, x3\n`;
const change = (names: readonly string[]): string => names.map((name) => `ldr x3, [x26], #8\nmsr ${name}, x3\n`).join('');
const VECTORS = Array.from({ length: 32 }, (_, n) => n);
const lookFp = (): string => VECTORS.map((n) => `str q${n}, [x28], #16\n`).join('') + look(['FPSR', 'FPCR']);
const changeFp = (): string => `${VECTORS.map((n) => `ldr x3, [x26], #8\ndup v${n}.2d, x3\n`).join('')}${change(['FPSR', 'FPCR'])}`;

/** Handlers of one vector table: a synchronous exception notes its syndrome, the others count. x16 and x17 are theirs. */
const count = (offset: number): string => `ldr x16, [x27, #${offset}]\nadd x16, x16, #1\nstr x16, [x27, #${offset}]\n`;
const CURRENT_SP = 0x200;
const entry = (offset: number, body: string): string => `.org ${offset}\n${body}`;
export const COUNTER = { synchronous: 0, irq: 8, fiq: 16, serror: 24 } as const;

/** `interrupt` is what the handler of interrupts does besides counting; with the VMM's lines it turns the timer off and acknowledges by a store. */
export function vectorTable(interrupt?: string): string {
  const done = 'mov x16, #0\nmov x17, #0\neret\n';
  const synchronous = `mrs x16, ESR_EL1\n${keep('x16')}lsr x16, x16, #26\ncmp x16, #0x15\nb.eq 1f\nmrs x16, ELR_EL1\nadd x16, x16, #4\nmsr ELR_EL1, x16\n1:\n${count(COUNTER.synchronous)}${done}`;
  // The store leaves: the VMM sees that the timer is off and lowers the line.
  const irq = `${interrupt ?? 'msr CNTV_CTL_EL0, xzr\nstr wzr, [x21, #0x40]\n'}${count(COUNTER.irq)}${done}`;
  return entry(CURRENT_SP, synchronous) + entry(CURRENT_SP + 0x80, irq) + entry(CURRENT_SP + 0x100, `${count(COUNTER.fiq)}${done}`) + entry(CURRENT_SP + 0x180, `${count(COUNTER.serror)}${done}`);
}

export interface ProgramOptions {
  /** The guest uses these debug registers itself. */
  readonly debug?: readonly string[];
  /** An exception may come anywhere: the guest does not look at what its own handlers leave (ESR, ELR, SPSR, FAR). */
  readonly disturbed?: boolean;
  /** One exit of each kind that moves something of its own, no more: for proofs that run very often. */
  readonly brief?: boolean;
}

/** Instructions at which something of the guest's or the debugger's is set: by counting from the start of the program. */
export interface GuestProgram {
  readonly source: string;
  readonly breakpoint: bigint;
}

const SYSTEM_OFF = 0x8400_0008;
const LEFT_BY_HANDLERS: readonly string[] = ['ESR_EL1', 'ELR_EL1', 'SPSR_EL1', 'FAR_EL1'];

/** Ends the guest: SYSTEM_OFF. */
export const OFF = `movz x0, #${SYSTEM_OFF & 0xffff}
movk x0, #${SYSTEM_OFF >>> 16}, lsl #16
hvc #0
b .
`;

/** Ticks that are more than the rest of the program, however often it leaves. */
const NOT_YET = 4000;

/** In the order of the table of new values, as the long program. */
function briefProgram(debug: readonly string[], disturbed: boolean): GuestProgram {
  const seen = (name: string): boolean => !disturbed || !LEFT_BY_HANDLERS.includes(name);
  const before = `str w3, [x21, #0x38]\n${lookDebug(debug.slice(0, 3))}`;
  const source = `${before}nop
ldr x3, [x25]
${change(debug)}${changeFp()}ldr x3, [x26], #8
mov sp, x3
${change(CHANGED.filter(seen))}svc #5
hvc #0
${look(READ.filter(seen))}mov x3, sp
${keep('x3')}${lookDebug(debug)}${lookFp()}mrs x3, CNTVCT_EL0
${disturbed ? '' : keep('x3')}add x3, x3, #${disturbed ? NOT_YET : 200}
msr CNTV_CVAL_EL0, x3
mov x4, #1
msr CNTV_CTL_EL0, x4
str ${disturbed ? 'wzr' : 'w3'}, [x21, #0x38]
mrs x4, CNTV_CVAL_EL0
sub x4, x4, x3
${keep('x4')}msr CNTV_CTL_EL0, xzr
${OFF}`;
  return { source, breakpoint: GUEST.code + 4n * BigInt(before.trim().split('\n').length) };
}

export function guestProgram({ debug = [], disturbed = false, brief = false }: ProgramOptions): GuestProgram {
  if (brief) return briefProgram(debug, disturbed);
  const read = READ.filter((name) => !disturbed || !LEFT_BY_HANDLERS.includes(name));
  const before = `
${look(read)}mov x3, sp
${keep('x3')}hvc #0
${keep('x0')}ldr w3, [x21, #0x18]
${keep('x3')}str w3, [x21, #0x38]
mrs x3, ID_AA64PFR0_EL1
${keep('x3')}mrs x3, PMCR_EL0
${keep('x3')}${lookDebug(debug)}${lookFp()}`;
  // The breakpoint and the watchpoint are the guest's own, or those of a debugger in the VMM.
  const watched = 'ldr x3, [x25]\nnop\n';
  const after = `${disturbed ? '' : turnGeneral}${change(debug)}${debug.length === 0 ? '' : DEBUG_CONTROL}${changeFp()}ldr x3, [x26], #8
mov sp, x3
${change(CHANGED.filter((name) => !disturbed || !LEFT_BY_HANDLERS.includes(name)))}at s1e1r, x20
isb
str w3, [x22]
mrs x3, PAR_EL1
${keep('x3')}hvc #0
${look(read)}mov x3, sp
${keep('x3')}${debug.length === 0 ? '' : look(['MDSCR_EL1'])}${lookDebug(debug)}${lookFp()}svc #5
mrs x3, CNTVCT_EL0
${disturbed ? '' : keep('x3')}add x3, x3, #200
msr CNTV_CVAL_EL0, x3
mov x4, #1
msr CNTV_CTL_EL0, x4
str ${disturbed ? 'wzr' : 'w3'}, [x21, #0x38]
mrs x4, CNTV_CVAL_EL0
sub x4, x4, x3
${keep('x4')}wfi
1:
ldr x4, [x27, #8]
cbz x4, 1b
ldr w3, [x21, #0x18]
${OFF}`;
  const instructions = before.trim().split('\n').length;
  return { source: `${before}nop\n${watched}${after}`, breakpoint: GUEST.code + 4n * BigInt(instructions) };
}
