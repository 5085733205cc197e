/**
 * What a vCPU's caches look like: CLIDR_EL1 and CCSIDR_EL1. Made up, as the vCPU may be anywhere: as few levels as CTR_EL0 lets be, each cache
 * of one set and one way, so that a guest that goes through all of them traps once and not thousands of times.
 */
import { CCSIDR_EL1, CLIDR_EL1, CTR_EL0, REGISTERS, masksOf } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';

/** Values of CSSELR_EL1 that name a cache: seven levels, data or unified and instruction. */
export const CACHES_MAX = 14;

const INSTRUCTION = 1;
/** CLIDR_EL1.Ctype. */
const CTYPE = { instruction: 1, data: 2, separate: 3, unified: 4 } as const;
const CLIDR_RES0 = masksOf(REGISTERS.CLIDR_EL1.layouts['only'], new Set()).res0;
const CCSIDR_BITS = 1n << 32n;

/** CTR_EL0 counts lines in words, a power of two; CCSIDR_EL1 in units of four, so that 0 is 16 bytes. */
const lineOf = (ctr: bigint, csselr: number): number => {
  const { DminLine, IminLine } = CTR_EL0.decode(ctr);
  return ((csselr & INSTRUCTION) === 0 ? DminLine : IminLine) - 2;
};

/** CLIDR_EL1 of the smallest hierarchy that goes with CTR_EL0. */
function clidrFor(ctr: bigint): bigint {
  const { IDC, DIC } = CTR_EL0.decode(ctr);
  // Clean to the point of unification is needed: there is a data cache above it, which is all there is.
  if (IDC === 0) return CLIDR_EL1.encode({ LoUU: 1, LoUIS: 1, LoC: 1, Ctype1: DIC === 0 ? CTYPE.separate : CTYPE.data });
  // It is not: a unified cache at the point of coherency, above it an instruction cache where one must be invalidated.
  return DIC === 0 ? CLIDR_EL1.encode({ LoC: 2, Ctype1: CTYPE.instruction, Ctype2: CTYPE.unified }) : CLIDR_EL1.encode({ LoC: 1, Ctype1: CTYPE.unified });
}

/** Whether there is a cache of the kind that CSSELR_EL1 names. */
export function cacheExists(clidr: bigint, csselr: number): boolean {
  const type = Number((clidr >> BigInt(3 * (csselr >> 1))) & 7n);
  const instruction = (csselr & INSTRUCTION) !== 0;
  return type === CTYPE.separate || (instruction ? type === CTYPE.instruction : type === CTYPE.unified || type === CTYPE.data);
}

/** Caches of the host, for a profile that shows them. */
export interface HostCaches {
  readonly clidr: bigint;
  /** CCSIDR_EL1 by what CSSELR_EL1 is for it. */
  ccsidr(csselr: number): bigint;
}

/** NumSets and Associativity of CCSIDR_EL1. */
const GEOMETRY = CCSIDR_EL1.otherwise.mask('NumSets') | CCSIDR_EL1.otherwise.mask('Associativity');

export class Caches {
  readonly #ctr: () => bigint;
  readonly #host: HostCaches | undefined;
  #clidr: bigint | undefined;
  #ccsidr: bigint[] | undefined;

  /** `ctr`: the host's CTR_EL0. With `host`, its caches are shown and nothing can be set. */
  constructor(ctr: () => bigint, host?: HostCaches) {
    this.#ctr = ctr;
    this.#host = host;
  }

  /** CLIDR_EL1 is of a reset; what CCSIDR_EL1 was set to stays. */
  reset(): void {
    this.#clidr = undefined;
  }

  /** What the guest reads: of the host's caches all but how large those for data are, so that it does not go through them by set and way. */
  guestCcsidr(csselr: number): bigint {
    const value = this.ccsidr(csselr);
    return this.#host !== undefined && (csselr & INSTRUCTION) === 0 ? value & ~GEOMETRY : value;
  }

  get clidr(): bigint {
    return this.#host?.clidr ?? this.#clidr ?? clidrFor(this.#ctr());
  }
  /** Throws `KvmError` EINVAL for reserved bits, and for a hierarchy that needs no cleaning to the point of unification where the host does. */
  set clidr(value: bigint) {
    const { LoC, LoUIS, LoUU } = CLIDR_EL1.decode(value);
    const uncleaned = LoC === 0 || (LoUIS === 0 && LoUU === 0);
    if ((value & CLIDR_RES0) !== 0n) refuse(`CLIDR_EL1 = ${hex(value)}`, `bits ${hex(CLIDR_RES0)} are reserved`, 'leave them 0');
    if (uncleaned && CTR_EL0.decode(this.#ctr()).IDC === 0) {
      refuse(`CLIDR_EL1 = ${hex(value)}`, 'data caches here are cleaned to the point of unification (CTR_EL0.IDC is 0)', 'give LoC, and LoUIS or LoUU, a level');
    }
    this.#clidr = value;
  }

  /** CCSIDR_EL1 of the cache that CSSELR_EL1 names, `csselr` below `CACHES_MAX`. A cache that is not there has a value, too, which is UNKNOWN. */
  ccsidr(csselr: number): bigint {
    if (this.#host) return this.#host.ccsidr(csselr);
    return this.#ccsidr?.[csselr] ?? CCSIDR_EL1.otherwise.encode({ LineSize: lineOf(this.#ctr(), csselr) });
  }
  /** Throws `KvmError` EINVAL for reserved bits and for lines that are shorter than the host's shortest. */
  setCcsidr(csselr: number, value: bigint): void {
    if (this.#host) {
      const is = this.ccsidr(csselr);
      if (value !== is) refuse(`CCSIDR_EL1 = ${hex(value)}`, `it is ${hex(is)}, as the host's`, 'write that or leave it out');
      return;
    }
    const shortest = lineOf(this.#ctr(), csselr);
    if (value >= CCSIDR_BITS) refuse(`CCSIDR_EL1 = ${hex(value)}`, 'it has 32 bits', 'leave the others 0');
    if (Number(value & 7n) < shortest) {
      refuse(`CCSIDR_EL1 = ${hex(value)}`, `lines are at least ${16 << shortest} bytes (LineSize ${shortest})`, 'choose longer ones');
    }
    this.#ccsidr ??= Array.from({ length: CACHES_MAX }, (_, n) => this.ccsidr(n));
    this.#ccsidr[csselr] = value;
  }
}

function refuse(value: string, rule: string, remedy: string): never {
  throw new KvmError('EINVAL', { value, rule, remedy });
}
