/** Which kernel's ABI a VM has. Nearly everything is Linux 6.12's; what is not says so by name. */

/** 6.1 is before the SMCCC filter and writable identification registers, 6.14 after PSCI 1.3. */
export type Profile = '6.1' | '6.12' | '6.14';
export const DEFAULT_PROFILE: Profile = '6.12';

const ORDER: readonly Profile[] = ['6.1', '6.12', '6.14'];

export function atLeast(profile: Profile, wanted: Profile): boolean {
  return ORDER.indexOf(profile) >= ORDER.indexOf(wanted);
}
