import { describe, it } from 'vitest';
import { conformance, LARGE } from '../conformance/suite.ts';
import { toyUnderTest } from './conformance.ts';

conformance(toyUnderTest(), { describe, it }, LARGE);
