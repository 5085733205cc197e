/** Bytes in one number: FNV-1a over doublewords. What is left over at the end counts for nothing. */
export function digest(bytes: Uint8Array): bigint {
  let hash = 0xcbf2_9ce4_8422_2325n;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 8 <= bytes.byteLength; at += 8) hash = BigInt.asUintN(64, (hash ^ view.getBigUint64(at, true)) * 0x100_0000_01b3n);
  return hash;
}
