/** Who makes a call: the exception level and execution state the SMC or HVC was executed in. */
export interface SmcccCaller {
  readonly el: 0 | 1 | 2;
  readonly aarch64: boolean;
}

/** A call by the SMC Calling Convention (DEN 0028): register 0 is the function identifier, registers 1 to 3 the arguments. Unsigned. */
export interface SmcccCall {
  readonly function: bigint;
  readonly arguments: readonly [bigint, bigint, bigint];
  readonly caller: SmcccCaller;
}

/** Answer to an identifier that nobody knows (DEN 0028, 5.1). */
export const NOT_SUPPORTED = -1;

/** Bit 30 of an identifier: arguments are 64 bits wide (DEN 0028, 2.5). */
const SMC64 = 1n << 30n;

/** True for an identifier of the 64-bit convention. An AArch32 caller has no such calls. */
export function isSmc64(identifier: bigint): boolean {
  return (identifier & SMC64) !== 0n;
}

/** A signed return code as it is put into X0: sign-extended to 64 bits. */
export function toResult(code: number): bigint {
  return BigInt.asUintN(64, BigInt(code));
}

/**
 * The call with what the convention says to ignore taken away: bits 63:32 of X0, and of the arguments of a 32-bit function (DEN 0028, 3.1).
 * KVM does this. The firmware of QEMU's `virt` board looks at all 64 bits, so a board that stands in for it must not.
 */
export function narrowCall(call: SmcccCall): SmcccCall {
  const identifier = BigInt.asUintN(32, call.function);
  if (isSmc64(identifier)) return { ...call, function: identifier };
  const [first, second, third] = call.arguments;
  return { ...call, function: identifier, arguments: [BigInt.asUintN(32, first), BigInt.asUintN(32, second), BigInt.asUintN(32, third)] };
}
