/** A million random conversations. A few of them with a look at the whole state after each refusal. */
import { expect, it } from 'vitest';
import { randomConversations } from './random-arm64.ts';

const MILLION = 1_000_000;
/** Conversations in one go: each go has a machine of its own, and what it keeps is seen between them. */
const GO = 10_000;
const HOURS = 12 * 3_600_000;

it('a million conversations: no throw, no hang, no growth', () => {
  const collect = globalThis.gc;
  const used: number[] = [];
  for (let done = 0; done < MILLION; done += GO) {
    randomConversations({ runs: GO, steps: 10, hash: false });
    collect?.();
    used.push(process.memoryUsage().heapUsed);
  }
  // The first go compiles. Without a collector to call, garbage is part of the figure.
  const [early, late] = [Math.max(...used.slice(1, 6)), Math.min(...used.slice(-5))];
  expect(late).toBeLessThan(early * 1.5 + (64 << 20));
}, HOURS);

it('ten thousand conversations: refused calls change nothing', () => { randomConversations({ runs: GO, steps: 30, hash: true }); }, HOURS);
