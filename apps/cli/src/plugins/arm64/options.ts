import type { OptionSpec } from '@worldswitch/session';

/** Names of the processor models of `@worldswitch/arm64`; written out here, so that `--help` loads no processor. A test compares them. */
export const CPU_NAMES = ['cortex-a57', 'neoverse-n1', 'lab'] as const;

/** Versions of the interrupt controller that the board has. */
export const GIC_VERSIONS = ['2', '3'] as const;

/** Bytes of memory that a board has beside its RAM: two flash banks and their alignment. */
export const FLASH_MEMORY = 130 << 20;

/** The version as a board takes it. */
export const gicVersion = (option: (typeof GIC_VERSIONS)[number]): 2 | 3 => (option === '3' ? 3 : 2);

/** What a user can choose about an arm64 machine. */
export const ARM64_OPTIONS: readonly OptionSpec[] = [
  { name: 'board', type: 'choice', choices: ['virt'], default: 'virt', about: 'the board: QEMU\'s virt' },
  { name: 'gic', type: 'choice', choices: GIC_VERSIONS, default: '2', about: 'version of the machine\'s interrupt controller; the one that a guest sees is a GICv2 either way' },
  { name: 'as', type: 'choice', choices: ['guest', 'bare'], default: 'guest', about: 'guest: it runs at EL1 under the hypervisor; bare: the machine is the image\'s, from EL2 down' },
  { name: 'mode', type: 'choice', choices: ['auto', 'vhe', 'nvhe'], default: 'auto', about: 'of the hypervisor\'s host: at EL2 (vhe), at EL1 with a stub at EL2 (nvhe), or vhe where the processor and the revision have it' },
  { name: 'revision', type: 'text', placeholder: 'NAME', about: 'the state of the world switch, by name (worldswitch compare lists them); the hypervisor\'s default unless given' },
  { name: 'faithful', type: 'text', placeholder: 'NAMES', about: 'faults of the revision\'s code to have too, with commas, or all (docs/faults.md)' },
  { name: 'cpu', type: 'choice', choices: CPU_NAMES, default: 'neoverse-n1', about: 'the processor model' },
  { name: 'cpus', type: 'count', default: 1, about: 'number of processors' },
  { name: 'memory', type: 'size', default: '256M', about: 'RAM, from 0x40000000' },
  { name: 'bios', type: 'flag', about: 'the image is firmware: it lies in flash and starts at 0 (the default for a file without a known header that begins with A64 instructions)' },
  { name: 'at', type: 'number', placeholder: 'ADDR', about: 'the image is a flat file for this address, and starts there' },
  { name: 'dtb', type: 'file', about: 'a device tree blob instead of the generated one' },
  { name: 'append', type: 'text', placeholder: 'TEXT', about: 'command line of a Linux kernel' },
  { name: 'initrd', type: 'file', about: 'RAM disk of a Linux kernel' },
  { name: 'semihosting', type: 'flag', about: 'answer HLT #0xF000 (console, time, exit)' },
];

/** `ARM64_OPTIONS` as `parseOptions` reads it. */
export interface Arm64Options {
  readonly as: 'bare' | 'guest';
  readonly gic: (typeof GIC_VERSIONS)[number];
  readonly mode: 'auto' | 'vhe' | 'nvhe';
  readonly revision?: string;
  readonly faithful?: string;
  readonly cpu: (typeof CPU_NAMES)[number];
  readonly cpus: number;
  readonly memory: number;
  readonly bios?: boolean;
  readonly at?: bigint;
  readonly dtb?: Uint8Array;
  readonly append?: string;
  readonly initrd?: Uint8Array;
  readonly semihosting?: boolean;
}
