/** QEMU as an oracle; see README.md. */
export * from './console.ts';
export * from './digest.ts';
export * from './guest.ts';
export * from './machine.ts';
