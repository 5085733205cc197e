/**
 * Records all vectors anew: `npx tsx tooling/vectors/make.ts` (half a minute), then commit `data/`. `--list` prints for each form how
 * many vectors it has and what is excluded, without recording.
 */
import { departures } from './departures.ts';
import { exclusions } from './exclusions.ts';
import { forms, nameOf } from './forms.ts';
import { instanceCount, instancesOf, recordedOn } from './generate.ts';
import { record } from './record.ts';
import { formsWithoutVectors, store } from './store.ts';

const options = process.argv.slice(2);
const print = (text: string): void => { process.stdout.write(`${text}\n`); };

if (options.some((option) => option !== '--list')) {
  process.stderr.write(`make: unknown option ${options.join(' ')}: --list exists\n`);
  process.exit(2);
}
if (options.includes('--list')) {
  for (const form of forms) print(`${nameOf(form).padEnd(36)} ${form.class.padEnd(15)} ${instanceCount(form)} on ${recordedOn(form)}`);
  print('\nnot recorded:');
  for (const { id, reason } of exclusions) print(`- ${id}: ${reason}`);
  print('\nrecorded, but not as the architecture has it:');
  for (const { id, reason } of departures) print(`- ${id}: ${reason}`);
} else {
  const started = performance.now();
  const instances = forms.flatMap((form) => [...instancesOf(form)]);
  store(record(instances));
  print(`${instances.length} instances of ${forms.length} forms in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
const missing = formsWithoutVectors();
print(`\nforms without vectors: ${missing.length === 0 ? 'none' : missing.map(nameOf).join(', ')}`);
if (missing.length > 0) process.exitCode = 1;
