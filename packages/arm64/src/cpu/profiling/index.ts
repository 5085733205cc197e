/** Statistical profiling (FEAT_SPE). */
export { withProfiling } from './model.ts';
export { decodeRecords, encodeRecord, EVENT, type CodeAddress, type SampleRecord } from './record.ts';
export { ProfilingUnit, type ProfilingPort } from './unit.ts';
