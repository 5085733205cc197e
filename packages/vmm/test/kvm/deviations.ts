/** Sentences that do not hold here, or cannot be tested here, and why. */
export const DEVIATIONS: readonly { readonly id: string; readonly reason: string }[] = [
];
