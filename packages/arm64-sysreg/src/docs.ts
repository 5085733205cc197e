/**
 * What registers and fields are for, in a few words: `@worldswitch/arm64-sysreg/docs`. A separate entry, so that only programs that
 * show registers to people carry the text.
 */
import type { RegisterDoc } from './doc.ts';
import { REGISTER_DOCS } from './docs/index.ts';
import { familyOf } from './family.ts';
import { REGISTERS, isRegisterName } from './registers.ts';

export { REGISTER_DOCS };
export type { FieldDoc, RegisterDoc, RegisterDocs } from './doc.ts';

/** Documentation of a register; members of a numbered family share one, an `_EL12` or `_EL02` name has its register's. */
export function docOf(name: string): RegisterDoc | undefined {
  const direct = REGISTER_DOCS[name] ?? REGISTER_DOCS[familyOf(name)];
  if (direct) return direct;
  const alias = isRegisterName(name) ? REGISTERS[name].alias : undefined;
  return alias === undefined ? undefined : docOf(alias);
}
