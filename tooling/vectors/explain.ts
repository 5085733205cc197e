/** Runs one instance under QEMU and prints what it did: `npx tsx tooling/vectors/explain.ts FORM INDEX`. */
import { formOf, nameOf } from './forms.ts';
import { instanceCount, instanceOf, recordedOn } from './generate.ts';
import { record } from './record.ts';
import { changes } from './state.ts';

const [formText, indexText] = process.argv.slice(2);
const form = formOf(Number(formText));
const index = Number(indexText);
if (!Number.isInteger(index) || index < 0 || index >= instanceCount(form)) {
  process.stderr.write(`explain: instance ${indexText}: form ${nameOf(form)} has 0 to ${instanceCount(form) - 1}\n`);
  process.exit(2);
}
const [{ instance, before, after }] = record([instanceOf(form, index)]);
const hex = (value: bigint): string => value.toString(16);
const set = Object.entries(instance.set).map(([name, value]) => `${name}=${hex(value)}`).join(' ');
process.stdout.write(`${nameOf(form)} on ${recordedOn(form)}: word ${instance.word.toString(16).padStart(8, '0')}`);
process.stdout.write(`${instance.prelude === 0 ? '' : `, prelude ${instance.prelude.toString(16)}`}, seed ${instance.seed}\nset     ${set}\n`);
process.stdout.write(`before  ${Array.from({ length: 31 }, (_, register) => `x${register}=${hex(before.x(register))}`).join(' ')}\n`);
process.stdout.write(`changed ${JSON.stringify(changes(before, after))}\n`);
