/** Writes the generated parts of the documents: `npx tsx tooling/docs/write.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { repositoryRoot } from '../files.ts';
import { withBlocks } from './blocks.ts';
import { DOCUMENTS } from './documents.ts';

for (const [path, blocks] of DOCUMENTS) {
  const file = `${repositoryRoot}/${path}`;
  writeFileSync(file, withBlocks(readFileSync(file, 'utf8'), blocks));
  console.log(path);
}
