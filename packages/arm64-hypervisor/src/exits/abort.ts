/** Aborts of stage 2: memory that is to be mapped, and accesses that are the VMM's. */
import { FAULT_STATUS, ISS } from '@worldswitch/arm64-sysreg';
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import type { InternalErrorExit } from '@worldswitch/hypervisor';
import { injectAbort } from '../guest/inject.ts';
import { completeAnswer } from './answer.ts';
import { RESUME } from './context.ts';
import type { ExitContext, Outcome } from './context.ts';

const TRANSLATION = 0b0001;
const ACCESS_FLAG = 0b0010;
const PERMISSION = 0b0011;
const kindOf = (status: number): number => status >> 2;

function unexpected(context: ExitContext, what: string): InternalErrorExit {
  const status = context.iss & 0x3f;
  return {
    kind: 'internal-error', reason: what, dead: false,
    detail: { esr: context.esr, far: context.far, ipa: context.ipa, status: FAULT_STATUS[status]?.name ?? status, pc: context.guest.pc },
  };
}

export function dataAbort(context: ExitContext): Outcome {
  const { guest, far, ipa, iss } = context;
  const abort = ISS.dabt.decode(BigInt(iss));
  const kind = kindOf(abort.DFSC);
  if (kind !== TRANSLATION && kind !== ACCESS_FLAG && kind !== PERMISSION) return unexpected(context, 'data-abort');
  const slot = context.slotAt(ipa);
  const write = isWrite(abort, kind);
  if (slot && !(write && slot.readOnly)) {
    context.slots.faultIn(slot, ipa, write);
    return RESUME;
  }
  if (context.slots.beyond(ipa)) {
    injectAbort(guest, 'data', far, abort.WnR === 1);
    return RESUME;
  }
  // A walk that ends outside memory is the guest's mistake; so is one that must write to what is read-only.
  if (abort.S1PTW === 1) {
    injectAbort(guest, 'data', far, abort.WnR === 1);
    return RESUME;
  }
  if (abort.CM === 1) {
    guest.complete();
    return RESUME;
  }
  if (abort.ISV === 0) return withoutSyndrome(context);
  return mmio(context, abort);
}

type DataAbort = ReturnType<typeof ISS.dabt.decode>;

/**
 * Whether memory was to be written. Of a walk WnR says what the access was that it is made for: the walk itself writes an access flag or dirty
 * state only where it could read before. Cache maintenance counts as a write in WnR; only an invalidation, which may lose data, is refused by
 * a page that is read-only.
 */
function isWrite({ S1PTW, CM, WnR }: DataAbort, kind: number): boolean {
  return S1PTW === 1 || CM === 1 ? kind === PERMISSION : WnR === 1;
}

/** Of CM, WnR and DFSC alone the processor says what they are, where ISV is 0 (DDI 0487 ESR_ELx, ISS of data aborts). */
const WITHOUT_SYNDROME = ISS.dabt.encode({ CM: 1, WnR: 1, DFSC: 0x3f });

/** The VMM may want to see what the instruction is; one that does not know of such accesses is told that its call failed. */
function withoutSyndrome(context: ExitContext): Outcome {
  if (!context.tellsWithoutSyndrome) return { ...unexpected(context, 'no-syndrome'), errno: 'ENOSYS' };
  return { kind: 'no-syndrome', syndrome: BigInt(context.iss) & WITHOUT_SYNDROME, address: context.ipa };
}

/** An access that a device answers: one in the hypervisor at once, whose registers are little-endian, or the VMM. Data are in the order of bytes in memory; a guest's SCTLR_ELx.EE decides what that means for the register. */
function mmio(context: ExitContext, abort: DataAbort): Outcome {
  const { guest, ipa } = context;
  const length = (1 << abort.SAS) as 1 | 2 | 4 | 8;
  const data = new Uint8Array(length);
  const write = abort.WnR === 1;
  if (write) writeUnsigned(data, 0, length, BigInt.asUintN(length * 8, guest.x(abort.SRT)), guest.bigEndian ? 'big' : 'little');
  const read = { register: abort.SRT, length, signExtend: abort.SSE === 1, wide: abort.SF === 1 } as const;
  const device = context.deviceAt(ipa);
  if (device) {
    const { window, offset } = device;
    if (write) window.write(offset, length, readUnsigned(data, 0, length, 'little'));
    else writeUnsigned(data, 0, length, window.read(offset, length), 'little');
    completeAnswer(guest, write ? { kind: 'write' } : { kind: 'read', data, read });
    return RESUME;
  }
  context.answerLater(write ? { kind: 'write' } : { kind: 'read', data, read });
  return { kind: 'mmio', address: ipa, length, write, data };
}

export function instructionAbort(context: ExitContext): Outcome {
  const { guest, far, ipa, iss } = context;
  const { IFSC, S1PTW } = ISS.iabt.decode(BigInt(iss));
  const kind = kindOf(IFSC);
  if (kind !== TRANSLATION && kind !== ACCESS_FLAG && kind !== PERMISSION) return unexpected(context, 'instruction-abort');
  const slot = context.slotAt(ipa);
  // A walk that found the tables writable no more has an access flag to set.
  const write = S1PTW === 1 && kind === PERMISSION;
  if (slot && !(write && slot.readOnly)) {
    context.slots.faultIn(slot, ipa, write);
    return RESUME;
  }
  injectAbort(guest, 'instruction', far, false);
  return RESUME;
}
