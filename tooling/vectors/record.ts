/** Runs instances under QEMU: builds the harness, fills its table, reads the results back. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../oracles/paths.ts';
import { runQemu } from '../oracles/qemu/machine.ts';
import { translationTables } from './environment.ts';
import { before, recordedOn, type Instance, type RecordedCpu } from './generate.ts';
import { normalise } from './result.ts';
import { STATE_BYTES, VBAR_EL2, VectorState } from './state.ts';

/** External programs {@link record} needs. */
export const recorderTools: readonly string[] = ['qemu-system-aarch64', 'aarch64-linux-gnu-gcc'];

const CASES = 0x4100_0000;
/** Instances that fit into a table. */
const BATCH = 100_000;

/** Builds harness.S into the cache if it is older than its source; returns the path of the ELF. */
export function buildHarness(): string {
  const source = join(dirname(fileURLToPath(import.meta.url)), 'harness.S');
  const target = join(cacheFolder('vectors'), 'harness.elf');
  if (existsSync(target) && statSync(target).mtimeMs > statSync(source).mtimeMs) return target;
  const places = `-Ttext=0x40200000,--section-start=.vectors=0x${VBAR_EL2.toString(16)}`;
  const link = `-Wl,${places},--build-id=none,-z,noexecstack,--no-warn-rwx-segments`;
  const options = ['-march=armv8.2-a', '-nostdlib', '-static', link, source, '-o', target];
  const { status, error, stderr } = spawnSync('aarch64-linux-gnu-gcc', options, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`harness.S could not be built: ${error?.message ?? stderr}; \`pnpm oracles\` installs the compiler`);
  return target;
}

/** The state after of one case, as QEMU left it, and what the vector keeps of it. */
export interface Recorded {
  readonly instance: Instance;
  readonly before: VectorState;
  readonly after: VectorState;
}

function recordBatch(instances: readonly Instance[], cpu: RecordedCpu): Recorded[] {
  const folder = mkdtempSync(join(tmpdir(), 'worldswitch-vectors-'));
  try {
    const states = instances.map(before);
    const table = new Uint8Array((instances.length + 1) * STATE_BYTES);
    new DataView(table.buffer).setUint32(0, instances.length, true);
    for (const [index, state] of states.entries()) table.set(state.bytes, (index + 1) * STATE_BYTES);
    writeFileSync(join(folder, 'cases.in'), table);
    const pages = translationTables();
    writeFileSync(join(folder, 'tables.in'), Buffer.concat(pages.map(({ bytes }) => bytes)));
    runQemu([
      '-M', 'virt,virtualization=on', '-cpu', cpu, '-m', '512', '-smp', '1', '-accel', 'tcg,thread=single',
      '-nodefaults', '-display', 'none', '-monitor', 'none', '-semihosting-config', 'enable=on,target=native',
      '-kernel', buildHarness(), '-device', `loader,file=cases.in,addr=0x${CASES.toString(16)},force-raw=on`,
      '-device', `loader,file=tables.in,addr=0x${pages[0].address.toString(16)},force-raw=on`,
    ], { cwd: folder, timeout: 300_000 });
    const output = new Uint8Array(readFileSync(join(folder, 'cases.out')));
    return instances.map((instance, index) => {
      const raw = new VectorState(output.slice(index * STATE_BYTES, (index + 1) * STATE_BYTES));
      return { instance, before: states[index], after: normalise(raw, states[index]) };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Executes instances under QEMU and returns the states after, in the same order. About 10,000 a second. Needs {@link recorderTools}. */
export function record(instances: readonly Instance[]): Recorded[] {
  const results = new Map<Instance, Recorded>();
  for (const cpu of ['neoverse-n1', 'max'] as const) {
    const mine = instances.filter(({ form }) => recordedOn(form) === cpu);
    // Cases with one end marker together: the harness fills the window anew at each change.
    mine.sort((one, other) => Number((one.set['marker'] ?? 0n) - (other.set['marker'] ?? 0n)));
    for (let start = 0; start < mine.length; start += BATCH) {
      for (const result of recordBatch(mine.slice(start, start + BATCH), cpu)) results.set(result.instance, result);
    }
  }
  return instances.map((instance) => {
    const result = results.get(instance);
    if (result === undefined) throw new Error(`no result for form ${instance.form.id}, instance ${instance.index}`);
    return result;
  });
}
