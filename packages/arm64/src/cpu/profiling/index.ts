/** Statistical profiling (FEAT_SPE). */
export { withProfiling } from './model.ts';
export { decodeRecords, EVENT, type CodeAddress, type SampleRecord } from './record.ts';
export { ProfilingUnit } from './unit.ts';
