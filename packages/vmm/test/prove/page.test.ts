import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TWO_HOOKS } from '@worldswitch/arm64-hypervisor';
import { orderPage } from '@worldswitch/arm64-hypervisor/prove';
import type { PairResult } from '@worldswitch/arm64-hypervisor/prove';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');

it('docs/order.md is what the generator prints', () => {
  const results = JSON.parse(read('results.json')) as PairResult[];
  expect(read('../../../../docs/order.md').trimEnd()).toBe(orderPage(TWO_HOOKS, results).trimEnd());
});
