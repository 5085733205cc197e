import { EM_AARCH64, identify } from '@worldswitch/image';
import type { ImageFile } from '@worldswitch/session';

/** True for what only arm64 executes. */
export function isArm64File({ bytes }: ImageFile): boolean {
  const format = identify(bytes);
  // e_machine, in the byte order that e_ident names.
  if (format === 'elf') return bytes.length > 20 && (bytes[5] === 2 ? (bytes[18] << 8) | bytes[19] : bytes[18] | (bytes[19] << 8)) === EM_AARCH64;
  return format === 'linux-arm64';
}
