import { describe, it } from 'vitest';
import { conformance, LARGE, Random } from '@worldswitch/testkit';
import { a64UnderTest } from './a64.ts';

conformance(a64UnderTest(new Random(1)), { describe, it }, { ...LARGE, programs: LARGE.programs / 3, garbage: LARGE.garbage / 3, stepped: LARGE.stepped / 3 });
