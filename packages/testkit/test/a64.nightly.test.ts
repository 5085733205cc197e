import { describe, it } from 'vitest';
import { conformance, LARGE, Random } from '@worldswitch/testkit';
import { a64UnderTest } from './a64.ts';

const third = (count: number): number => Math.ceil(count / 3);

conformance(a64UnderTest(new Random(1)), { describe, it }, { ...LARGE, programs: third(LARGE.programs), garbage: third(LARGE.garbage), stepped: third(LARGE.stepped) });
