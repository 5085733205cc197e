/** Writes docs/kvm-semantics.md. */
import { writeFileSync } from 'node:fs';
import { semanticsPage } from './page.ts';

writeFileSync(new URL('../../../../docs/kvm-semantics.md', import.meta.url), semanticsPage());
