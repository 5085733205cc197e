import { describe, expect, it } from 'vitest';
import { countReport, countSteps } from './count.mjs';

const report = (over: object): string =>
  JSON.stringify({ numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [], ...over });

describe('the count of a gate run', () => {
  it('takes passed and failed tests as they are', () => {
    expect(countReport('unit', report({ numFailedTests: 2 }))).toMatchObject({ passed: 3, failed: 2 });
  });
  it('counts a skipped or to-do test as failed', () => {
    expect(countReport('unit', report({ numPendingTests: 2, numTodoTests: 1 }))).toMatchObject({ passed: 3, failed: 3 });
  });
  it('counts a file that broke before its first test', () => {
    const testResults = [{ name: 'a.test.ts', status: 'failed', assertionResults: [] }];
    expect(countReport('unit', report({ testResults }))).toMatchObject({ failed: 1 });
  });
  it('counts a missing report and an empty one as failures', () => {
    expect(countReport('unit', undefined)).toMatchObject({ passed: 0, failed: 1 });
    expect(countReport('unit', report({ numPassedTests: 0 }))).toMatchObject({ passed: 0, failed: 1 });
  });
  it('counts steps', () => {
    expect(countSteps('{"name":"a","ok":true}\n{"name":"b","ok":false}\n')).toEqual({ passed: 1, failed: 1, notes: ['step failed: b'] });
  });
});
