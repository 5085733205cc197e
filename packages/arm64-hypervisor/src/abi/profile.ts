/** Which Linux the ABI is that of. Nearly everything is 6.12's; what is not is named where it is made. */

/** 6.1: before the SMCCC filter, and before identification registers could be written. 6.14: after PSCI 1.3. */
export type Profile = '6.1' | '6.12' | '6.14';

export const DEFAULT_PROFILE: Profile = '6.12';

const ORDER: readonly Profile[] = ['6.1', '6.12', '6.14'];

export function atLeast(profile: Profile, wanted: Profile): boolean {
  return ORDER.indexOf(profile) >= ORDER.indexOf(wanted);
}
