/** Every state of the world switch that can be run, oldest first, and the ten pairs of revision and mode that exist. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import { KvmError } from '@worldswitch/hypervisor';
import type { Revision } from '../step.ts';
import { BASE_2015 } from './2015-base.ts';
import { DEBUG_PTR } from './debug-ptr.ts';
import { VHE_ALTERNATIVES } from './vhe.ts';
import { LOAD_PUT } from './load-put.ts';
import { OWNER } from './owner.ts';
import { TWO_HOOKS } from './two-hooks.ts';

export const REVISIONS: readonly Revision[] = [BASE_2015, DEBUG_PTR, VHE_ALTERNATIVES, TWO_HOOKS, LOAD_PUT, OWNER];

/** The revision of a host that does not ask for one. */
export const DEFAULT_REVISION = TWO_HOOKS;

export interface RevisionPair {
  readonly revision: string;
  readonly mode: AccessorMode;
}

export const PAIRS: readonly RevisionPair[] = REVISIONS.flatMap(({ name, modes }) => modes.map((mode) => ({ revision: name, mode })));

/** A revision by name, valid in `mode`. Throws `KvmError` EINVAL that names the valid pairs. */
export function revisionNamed(name: string, mode: AccessorMode): Revision {
  const found = REVISIONS.find((revision) => revision.name === name);
  if (found?.modes.includes(mode)) return found;
  throw new KvmError('EINVAL', {
    value: `revision '${name}' in mode ${mode}`, rule: found === undefined ? 'no such state of the world switch is built' : `${name} exists in ${found.modes.join(' and ')} only`,
    remedy: `choose from ${REVISIONS.map((revision) => `${revision.name} (${revision.modes.join(', ')})`).join(', ')}`,
  });
}
