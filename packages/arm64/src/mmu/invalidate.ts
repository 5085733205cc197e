/** TLBI instructions: operands and what they select (DDI 0487 C5.5, D8.17.6). */
import { hex } from '@worldswitch/bits';
import type { Granule } from './features.ts';
import type { RegimeKind } from './regime.ts';
import { PAGE_BITS } from './tlb.ts';
import type { Selection } from './tlb.ts';

interface Scope {
  /** `el1`: EL1&0, or EL2&0 for a host's kernel at EL2; `guest`: EL1&0 whatever TGE is; `el2`: the regime of EL2. */
  readonly regime: 'el1' | 'guest' | 'el2';
  /** How the ASID of the operand counts; not at all where it is left out. */
  readonly asid?: 'own' | 'own or global';
  readonly byAddress?: true;
  readonly everyVmid?: true;
}

/**
 * The operations without their shareability suffix. The last-level forms are as the others, because only finished translations are
 * kept; forms by intermediate address drop all of the VMID, because entries hold both stages in one.
 */
const SCOPES: Readonly<Record<string, Scope>> = {
  VMALLE1: { regime: 'el1' },
  ASIDE1: { regime: 'el1', asid: 'own' },
  VAE1: { regime: 'el1', asid: 'own or global', byAddress: true },
  VALE1: { regime: 'el1', asid: 'own or global', byAddress: true },
  VAAE1: { regime: 'el1', byAddress: true },
  VAALE1: { regime: 'el1', byAddress: true },
  VMALLS12E1: { regime: 'guest' },
  ALLE1: { regime: 'guest', everyVmid: true },
  IPAS2E1: { regime: 'guest' },
  IPAS2LE1: { regime: 'guest' },
  VMALLWS2E1: { regime: 'guest' },
  ALLE2: { regime: 'el2' },
  VAE2: { regime: 'el2', asid: 'own or global', byAddress: true },
  VALE2: { regime: 'el2', asid: 'own or global', byAddress: true },
};

/** What decides the regime and tags of a TLBI. */
export interface InvalidateContext {
  readonly el: 1 | 2;
  readonly e2h: boolean;
  readonly tge: boolean;
  readonly vmid: number;
  /** The ASID bits that count in a regime. */
  asidMask(kind: RegimeKind): number;
}

const RANGE_GRANULES: readonly (Granule | undefined)[] = [undefined, 12, 14, 16];

/** VA[55:12] of the operand, for any size of page. */
function onePage(operand: bigint): Selection['pages'] {
  return { first: Number(operand & ((1n << BigInt(PAGE_BITS)) - 1n)), count: 1 };
}

/** Pages of a range operand; undefined where its granule is reserved: then the operation takes all addresses. */
function pageRange(operand: bigint): Selection['pages'] {
  const granule = RANGE_GRANULES[Number((operand >> 46n) & 3n)];
  if (granule === undefined) return undefined;
  const first = BigInt.asUintN(PAGE_BITS, BigInt.asIntN(37, operand) << BigInt(granule - 12));
  const scale = Number((operand >> 44n) & 3n);
  const number = Number((operand >> 39n) & 31n);
  return { first: Number(first), count: (number + 1) * 2 ** (5 * scale + 1 + granule - 12) };
}

/**
 * What a TLBI drops.
 * @param name as the assembler spells it, with or without `TLBI `: `VAE1IS`, `RVALE1OS`, `VMALLE1NXS`.
 * @throws RangeError for an operation that is not one of EL1 or EL2 (the instruction is UNDEFINED, so it never gets here).
 */
export function selectionOf(name: string, operand: bigint, context: InvalidateContext): Selection {
  const base = name.replace(/^TLBI /, '').replace(/NXS$/, '').replace(/(IS|OS)$/, '');
  const ranged = /^R(VA|IPA)/.test(base);
  const scope = SCOPES[ranged ? base.slice(1) : base];
  if (scope === undefined) throw new RangeError(`TLBI ${base} (operand ${hex(operand)}) is no operation of EL1 or EL2: it should have been UNDEFINED`);
  const kind = kindOf(scope, context);
  const mask = context.asidMask(kind);
  const pages = scope.byAddress ? (ranged ? pageRange(operand) : onePage(operand)) : undefined;
  return {
    kind,
    ...(kind === 'el10' && !scope.everyVmid ? { vmid: context.vmid } : {}),
    ...(scope.asid && kind !== 'el2' ? { asid: Number((operand >> 48n) & 0xffffn) & mask, alsoGlobal: scope.asid === 'own or global' } : {}),
    ...(pages ? { pages } : {}),
  };
}

function kindOf({ regime }: Scope, { el, e2h, tge }: InvalidateContext): RegimeKind {
  if (regime === 'guest') return 'el10';
  if (regime === 'el2') return e2h ? 'el20' : 'el2';
  return el === 2 && e2h && tge ? 'el20' : 'el10';
}
