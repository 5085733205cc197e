import { expect, it } from 'vitest';
import { ERRNO } from '@worldswitch/hypervisor';
import { randomConversations } from './random-arm64.ts';

it('random conversations with the arm64 hypervisor: a refused call changes nothing', () => {
  randomConversations({ runs: 5, steps: 20, hash: true });
});

it('random conversations with the arm64 hypervisor: nothing throws', () => {
  const seen = randomConversations({ runs: 60, steps: 25, hash: false });
  for (const errno of ['EINVAL', 'EFAULT', 'EBADF', 'ENOENT', 'ENXIO', 'ENODEV'] as const) expect([...seen.keys()], errno).toContain(-ERRNO[errno]);
});
