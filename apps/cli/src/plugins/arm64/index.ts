import { identify } from '@worldswitch/image';
import { PLUGIN_API_VERSION, type ArchitecturePlugin } from '@worldswitch/session';
import { ARM64_OPTIONS } from './options.ts';
import { isArm64File } from './recognise.ts';

/** arm64 with the virt board, for a session. The processor is loaded when the first machine is made. */
export const ARM64_PLUGIN: ArchitecturePlugin = {
  name: 'arm64',
  apiVersion: PLUGIN_API_VERSION,
  about: 'ARMv8-A with EL0 to EL2 on QEMU\'s virt board',
  boards: ['virt'],
  options: ARM64_OPTIONS,
  traces: { 'world-switch': 'what each exit of a guest saved and restored; needs --as guest' },
  recognises: (image) => isArm64File(image) || identify(image.bytes) === 'flat',
  createMachine: async (request) => (await import('./machine.ts')).createArm64Machine(request),
};
