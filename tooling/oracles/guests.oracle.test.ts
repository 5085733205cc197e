import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compilers, guests, isCurrent } from '../../guests/build.ts';
import { root } from './paths.ts';
import { QEMU } from './qemu/index.ts';
import { machineOption, runQemu } from './qemu/machine.ts';
import { haveTools } from './require.ts';

describe.runIf(haveTools(...compilers()))('committed guests', () => {
  it.each(guests())('$architecture/$name is what its sources give', (guest) => {
    expect(isCurrent(guest), 'rebuild with `npx tsx guests/build.ts` and commit').toBe(true);
  });
});

describe.runIf(haveTools(QEMU))('guests under QEMU', () => {
  const consoleOf = (guest: string, el2: boolean): string => {
    const elf = join(root, 'guests', guest, `${guest.split('/').at(-1)}.elf`);
    const machine = ['-M', machineOption({ el2 }), '-cpu', 'cortex-a57', '-m', '256'];
    return runQemu([...machine, '-nodefaults', '-display', 'none', '-serial', 'stdio', '-kernel', elf], { timeout: 20_000 }).stdout.toString();
  };

  it.each([true, false])('hello greets and powers off (EL2: %s)', (el2) => {
    expect(consoleOf('arm64/hello', el2)).toBe('hello\r\n');
  });
});
