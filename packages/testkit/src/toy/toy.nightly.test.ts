import { describe, it } from 'vitest';
import { conformance, LARGE } from '../conformance/suite.ts';
import { toyOnMachineUnderTest, toyUnderTest } from './conformance.ts';

conformance(toyUnderTest(), { describe, it }, LARGE);
conformance(toyOnMachineUnderTest(), { describe, it }, { ...LARGE, programs: LARGE.programs / 5, garbage: LARGE.garbage / 5, stepped: LARGE.stepped / 2 });
