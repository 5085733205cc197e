import { printOutcomes, runSteps } from './steps.ts';

/** `test:all`: all that can be checked with Node and npm alone. What needs installed tools is `oracles`. */
const outcomes = runSteps(
  [
    { name: 'typecheck', script: ['typecheck'] },
    { name: 'lint', script: ['lint'] },
    { name: 'unit tests, layers, READMEs', script: ['test'] },
  ],
  process.env['CI'] ? '.cache/reports/steps.jsonl' : undefined,
);
printOutcomes(outcomes);
if (outcomes.some(({ ok }) => !ok)) process.exitCode = 1;
