// Records fixtures/gnu-encodings.txt: the instruction words GNU as gives for every register and system instruction of this package.
//   node --import tsx packages/arm64-sysreg/scripts/record-encodings.mjs        (needs apt: binutils-aarch64-linux-gnu)
// A name the assembler does not know is listed at the end instead of stopping the rest.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REGISTER_LIST, SYSTEM_INSTRUCTIONS } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'encodings-'));
const lines = [];
for (const r of REGISTER_LIST) {
  const columns = r.access.split(' ');
  if (columns.some((c) => c === 'RW' || c === 'RO')) lines.push(`mrs x0, ${r.name}`);
  if (columns.some((c) => c === 'RW' || c === 'WO')) lines.push(`msr ${r.name}, x0`);
}
for (const [name, row] of Object.entries(SYSTEM_INSTRUCTIONS)) lines.push(`${name.toLowerCase()}${row.operand ? ', x0' : ''}`);

const run = (text) => {
  writeFileSync(join(folder, 'a.s'), text);
  return spawnSync('aarch64-linux-gnu-as', ['-o', join(folder, 'a.o'), join(folder, 'a.s')], { encoding: 'utf8' });
};
const accepts = (architecture) => run(`.arch ${architecture}\nnop\n`).status === 0;
const arch = ['armv9.4-a', 'armv9.3-a', 'armv9-a', 'armv8.8-a'].find(accepts);
const extensions = ['memtag', 'rng', 'profile', 'ssbs', 'predres', 'predres2', 'ras', 'pauth', 'pan', 'lor', 'sve', 'sme', 'rme', 'xs', 'd128', 'tlbiw']
  .filter((e) => accepts(`${arch}+${e}`));
const flags = `${arch}${extensions.map((e) => `+${e}`).join('')}`;
const assemble = (list) => run(`.arch ${flags}\n${list.join('\n')}\n`);
const first = assemble(lines);
const unknown = new Set([...first.stderr.matchAll(/a\.s:(\d+): Error/g)].map((m) => lines[Number(m[1]) - 2]));
const known = lines.filter((l) => !unknown.has(l));
assemble(known);
const dump = execFileSync('aarch64-linux-gnu-objdump', ['-d', join(folder, 'a.o')], { encoding: 'utf8', maxBuffer: 1 << 26 });
const words = [...dump.matchAll(/^\s+[0-9a-f]+:\s+([0-9a-f]{8})\s/gm)].map((m) => m[1]);
if (words.length !== known.length) throw new Error(`${words.length} words for ${known.length} lines`);
const version = execFileSync('aarch64-linux-gnu-as', ['--version'], { encoding: 'utf8' }).split('\n')[0];
const header = [
  `# ${version}, .arch ${flags}`,
  '# recorded by: node --import tsx packages/arm64-sysreg/scripts/record-encodings.mjs',
  '# word, then the line assembled; lines the assembler does not know have "-" for a word',
];
writeFileSync(new URL('../fixtures/gnu-encodings.txt', import.meta.url),
  `${[...header, ...known.map((l, i) => `${words[i]} ${l}`), ...[...unknown].map((l) => `- ${l}`)].join('\n')}\n`);
rmSync(folder, { recursive: true });
console.log(`${known.length} recorded, ${unknown.size} unknown to the assembler: ${[...unknown].join('; ')}`);
