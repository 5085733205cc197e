import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haveTools } from '../oracles/require.ts';
import { QEMU } from '../oracles/qemu/index.ts';
import { cpuTime, cpuTimeOf, median } from './cpu-time.ts';
import { bootElf, kernelGuest, KERNELS, type Bench } from './machine.ts';
import type { Table } from './table.ts';

/** Samples of each figure; they are taken in turn, so that what else the machine does meets all alike. */
const ROUNDS = 5;
/** Instructions of a sample of ours, and of what comes before the first: the wasm compiler's better code is in place by then. */
const SAMPLE = 40_000_000;
const WARM_UP = 60_000_000;
/** Instructions that QEMU is given, about: its start is subtracted, and should not dominate. */
const QEMU_SAMPLE = 400_000_000;
const ENDLESS = 1_000_000_000;

const ENGINES = ['interpreter', 'translator'] as const;
const QEMU_MODES = { tcg: [], icount: ['-icount', 'shift=4,sleep=off'] } as const;
type Mode = keyof typeof QEMU_MODES;
const MODES = Object.keys(QEMU_MODES) as Mode[];

/** One kernel: warm engines that never finish it, and the image of a run that does. */
interface Subject {
  readonly name: string;
  readonly engines: readonly Bench[];
  readonly samples: Record<(typeof ENGINES)[number] | Mode, number[]>;
  /** Of the run that finishes: the image, the instructions beyond a run of no iterations, and what it must print. */
  readonly finite: { readonly path: string; readonly empty: string; readonly instructions: number; readonly said: string };
}

/** Millions of instructions a second of the interpreter, the translator, and QEMU as it is and counting instructions. */
export function bench(): Table {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const qemu = haveTools(QEMU, 'bash');
    const subjects = KERNELS.map((name, index) => prepare(name, index + 1, folder));
    for (let round = 0; round < ROUNDS; round++) for (const subject of subjects) sample(subject, qemu);
    return tableOf(subjects);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function prepare(name: string, kernel: number, folder: string): Subject {
  const complete = (iterations: number): { readonly instructions: number; readonly said: string } => {
    const { engine, machine, said } = bootElf('translator', kernelGuest(kernel, iterations));
    while (machine.run({ budget: SAMPLE }).kind === 'budget');
    return { instructions: engine.cores[0].retired, said: said() };
  };
  const [none, some] = [complete(0), complete(20)];
  const iterations = Math.ceil((20 * QEMU_SAMPLE) / (some.instructions - none.instructions));
  const all = complete(iterations);
  const image = (count: number): string => {
    const path = join(folder, `${name}-${count}.elf`);
    writeFileSync(path, kernelGuest(kernel, count));
    return path;
  };
  const engines = ENGINES.map((kind) => {
    const subject = bootElf(kind, kernelGuest(kernel, ENDLESS));
    subject.machine.run({ budget: WARM_UP });
    return subject;
  });
  return {
    name, engines, samples: { interpreter: [], translator: [], tcg: [], icount: [] },
    finite: { path: image(iterations), empty: image(0), instructions: all.instructions - none.instructions, said: all.said },
  };
}

function sample({ engines, samples, finite }: Subject, qemu: boolean): void {
  ENGINES.forEach((kind, index) => {
    const { engine, machine } = engines[index];
    const before = engine.cores[0].retired;
    const cpu = cpuTime(() => { machine.run({ budget: SAMPLE }); });
    samples[kind].push((engine.cores[0].retired - before) / cpu / 1000);
  });
  if (!qemu) return;
  for (const mode of MODES) {
    const run = (path: string): ReturnType<typeof cpuTimeOf> => cpuTimeOf(QEMU, [
      '-M', 'virt,gic-version=2,virtualization=on', '-cpu', 'cortex-a57', '-m', '64', '-nodefaults', '-display', 'none', '-serial', 'stdio',
      ...QEMU_MODES[mode], '-kernel', path,
    ]);
    const [full, empty] = [run(finite.path), run(finite.empty)];
    if (full.stdout !== finite.said) throw new Error(`QEMU computed ${JSON.stringify(full.stdout)}, our translator ${JSON.stringify(finite.said)}: figures of wrong results mean nothing`);
    samples[mode].push(finite.instructions / (full.cpu - empty.cpu) / 1000);
  }
}

function tableOf(subjects: readonly Subject[]): Table {
  const mean = (values: readonly number[]): number => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  const measured = subjects.map(({ samples }) => ({
    interpreter: median(samples.interpreter), translator: median(samples.translator), tcg: median(samples.tcg), icount: median(samples.icount),
  }));
  const row = (name: string, rates: (typeof measured)[number]): Table['rows'][number] => {
    const ratio = (own: number, other: number): number | undefined => (Number.isFinite(other) ? own / other : undefined);
    const rate = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);
    return [
      name, rates.interpreter, rates.translator, rate(rates.tcg), rate(rates.icount), ratio(rates.interpreter, rates.tcg), ratio(rates.translator, rates.tcg),
      ratio(rates.interpreter, rates.icount), ratio(rates.translator, rates.icount),
    ];
  };
  const all = {
    interpreter: mean(measured.map((rates) => rates.interpreter)), translator: mean(measured.map((rates) => rates.translator)),
    tcg: mean(measured.map((rates) => rates.tcg)), icount: mean(measured.map((rates) => rates.icount)),
  };
  return {
    title: 'Kernels, beside qemu-system-aarch64',
    method: `Guest instructions per microsecond of processor time (MIPS), and the ratio to QEMU; the last row is the geometric mean. Aim: interpreter ≥ 0.2 of QEMU.
The kernels are \`guests/arm64/bench-kernels\` at EL2, MMU off. QEMU runs the same ELF on the same machine in the same job: as it is (TCG), and with \`-icount\`, which
counts instructions exactly, as our engines always do. Medians of ${ROUNDS} samples taken in turn. Ours are samples of ${SAMPLE / 1e6} M instructions after ${WARM_UP / 1e6} M of
warm-up, processor time of the whole process; QEMU's are whole runs of about ${QEMU_SAMPLE / 1e6} M instructions less a run of no iterations. Both must print the same checksum.`,
    columns: ['kernel', 'interpreter', 'translator', 'QEMU', 'QEMU -icount', 'interpreter / QEMU', 'translator / QEMU', 'interpreter / -icount', 'translator / -icount'],
    rows: [...subjects.map(({ name }, index) => row(name, measured[index])), row('all', all)],
  };
}
