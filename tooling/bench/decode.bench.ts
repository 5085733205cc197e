import { A64, createInstructionTable } from '@worldswitch/arm64';
import * as images from '@worldswitch/image';
import { cpuTime, median } from './cpu-time.ts';
import { bootElf, kernelGuest } from './machine.ts';
import type { Table } from './table.ts';

const ROUNDS = 15;

/** What an instruction costs before its first execution. */
export function bench(): Table {
  const elf = kernelGuest(0, 1);
  const [text] = images.parseElf(elf).segments;
  const words = Array.from({ length: text.bytes.length >> 2 }, (_, index) => new DataView(text.bytes.buffer, text.bytes.byteOffset).getUint32(4 * index, true));
  const instructions = words.filter((word) => A64.decoder.decode(word) !== undefined);
  const distinct = [...new Set(instructions)];

  const table = createInstructionTable();
  const samples = { decode: [] as number[], shapes: [] as number[], bind: [] as number[], known: [] as number[], predecode: [] as number[] };
  const { engine, machine } = bootElf('interpreter', elf);
  machine.run({ budget: 20_000_000 });
  const region = engine.memory.find(Number(text.physicalAddress));
  if (region === undefined) throw new Error('the text of the guest is not in RAM');

  for (let round = 0; round < ROUNDS; round++) {
    const each = (count: number, work: () => void): number => (cpuTime(work) * 1e6) / count;
    const repeat = 20;
    samples.decode.push(each(repeat * distinct.length, () => { for (let n = 0; n < repeat; n++) for (const word of distinct) A64.decoder.decode(word); }));
    const fresh = Array.from({ length: repeat }, () => createInstructionTable());
    samples.shapes.push(each(repeat * distinct.length, () => { for (const other of fresh) for (const word of distinct) other.bind(word); }));
    // Shapes known, words new: the table forgets words by itself only when it is full, so rows are bound with the words of other operands.
    const variants = distinct.map((word) => vary(word, round)).filter((word) => A64.decoder.decode(word) !== undefined);
    samples.bind.push(each(variants.length, () => { for (const word of variants) table.bind(word); }));
    samples.known.push(each(repeat * variants.length, () => { for (let n = 0; n < repeat; n++) for (const word of variants) table.bind(word); }));
    // Records: forgotten and made again, as after a write to the code.
    let records = 0;
    samples.predecode.push(1e6 * cpuTime(() => {
      for (let n = 0; n < repeat; n++) {
        engine.code.clear();
        for (let offset = 0; offset + 4 <= text.bytes.length; offset += 4) {
          const physical = Number(text.physicalAddress) + offset;
          const { page } = engine.code.page(physical, region, false);
          engine.code.decode(page.records + ((physical & 0xfff) << 2), false);
          records++;
        }
      }
    }) / records);
  }
  return {
    title: 'Decoding',
    method: `Nanoseconds of processor time an instruction, medians of ${ROUNDS} samples over the ${instructions.length} instructions of the kernels (${distinct.length} distinct words).
An instruction is decoded when it is first executed in its page; from then on the interpreter reads its record.`,
    columns: ['step', 'ns an instruction'],
    rows: [
      ['decode a word: row and operands', median(samples.decode)],
      ['bind a new word to a known shape', median(samples.bind)],
      ['bind everything in a new table, templates of the shapes included', median(samples.shapes)],
      ['bind a word that was bound before', median(samples.known)],
      ['make the record of a bound word', median(samples.predecode)],
    ],
  };
}

/** The word with other register numbers, so that it is a new word of (nearly always) the same shape. */
function vary(word: number, round: number): number {
  return (word ^ ((round + 1) & 0xf)) >>> 0;
}
