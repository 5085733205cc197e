/** Writes docs/order.md from results.json. */
import { readFileSync, writeFileSync } from 'node:fs';
import { TWO_HOOKS } from '@worldswitch/arm64-hypervisor';
import { orderPage } from '@worldswitch/arm64-hypervisor/prove';
import type { PairResult } from '@worldswitch/arm64-hypervisor/prove';

const results = JSON.parse(readFileSync(new URL('results.json', import.meta.url), 'utf8')) as PairResult[];
writeFileSync(new URL('../../../../docs/order.md', import.meta.url), `${orderPage(TWO_HOOKS, results).trimEnd()}\n`);
