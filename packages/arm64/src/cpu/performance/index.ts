/** The Performance Monitors (FEAT_PMUv3). */
export { IMPLEMENTED_EVENTS, PerformanceUnit } from './unit.ts';
