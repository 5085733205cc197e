import { FAULT_BLOCKS } from './faults.ts';
import { REVISION_BLOCKS } from './revisions.ts';

/** Documents with generated parts, and who makes them. */
export const DOCUMENTS: readonly (readonly [path: string, blocks: Readonly<Record<string, () => string>>])[] = [
  ['docs/revisions.md', REVISION_BLOCKS], ['docs/faults.md', FAULT_BLOCKS],
];
