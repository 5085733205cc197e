/** Two vCPUs that start each other and work together, in turns on one host processor. */
import { runVcpus } from '@worldswitch/hypervisor';
import { describe, expect, it } from 'vitest';
import { RAM, kvmGuest } from './guest.ts';
import type { KvmGuest, KvmGuestOptions } from './guest.ts';

const DATA = RAM + 0x8000n;
const ROUNDS = 50;

/**
 * vCPU 0 starts vCPU 1 by PSCI and hands it numbers through memory; each answers with the sum so far and wakes the other by SEV. Then vCPU 1
 * turns itself off, is found to be off, is started once more at another place, and the machine is shut down by it.
 */
const FIRST = `
  mov x19, #0x40000000
  add x20, x19, #0x8000
  mov x0, #3
  movk x0, #0xc400, lsl #16
  mov x1, #1
  add x2, x19, #0x1000
  mov x3, #${ROUNDS}
  hvc #0
  mov x21, #0
1: add x21, x21, #1
  str x21, [x20]
  dmb ish
  sev
2: ldr x22, [x20, #8]
  cmp x22, x21
  b.eq 3f
  wfe
  b 2b
3: cmp x21, #${ROUNDS}
  b.ne 1b
4: mov x0, #4
  movk x0, #0xc400, lsl #16
  mov x1, #1
  mov x2, #0
  hvc #0
  cmp x0, #1
  b.ne 4b
  mov x0, #3
  movk x0, #0xc400, lsl #16
  mov x1, #1
  add x2, x19, #0x2000
  hvc #0
5: wfi
  b 5b`;
const SECOND = `
  mov x25, x0
  mov x19, #0x40000000
  add x20, x19, #0x8000
  mov x21, #0
  mov x23, #0
1: add x21, x21, #1
2: ldr x22, [x20]
  cmp x22, x21
  b.eq 3f
  wfe
  b 2b
3: add x23, x23, x22
  str x23, [x20, #16]
  dmb ish
  str x21, [x20, #8]
  sev
  cmp x21, x25
  b.ne 1b
  mov x0, #2
  movk x0, #0x8400, lsl #16
  hvc #0`;
const AGAIN = `
  mov x0, #8
  movk x0, #0x8400, lsl #16
  hvc #0`;

interface Ended {
  readonly one: KvmGuest;
  readonly exits: readonly string[];
  readonly time: bigint;
  readonly registers: readonly bigint[];
}

function run(options: KvmGuestOptions, slice?: number): Ended {
  const one = kvmGuest({ vcpus: 2, source: FIRST, ...options });
  one.program(SECOND, RAM + 0x1000n);
  one.program(AGAIN, RAM + 0x2000n);
  const exits: string[] = [];
  const end = runVcpus(one.vcpus, {
    ...(slice !== undefined && { slice }), turns: 100_000,
    onExit: (exit, vcpu) => {
      exits.push(`${vcpu.id} ${exit.kind}`);
      return exit.kind !== 'system-event';
    },
  });
  expect(end).toMatchObject({ kind: 'exit', exit: { kind: 'system-event', event: 'shutdown' } });
  return { one, exits, time: one.machine.clock.now(), registers: one.vcpus.flatMap((vcpu) => Array.from({ length: 31 }, (_, n) => vcpu.getRegister(`x${n}`))) };
}

describe('two vCPUs', () => {
  const reference = run({ mode: 'vhe' });
  it('start each other, and exchange work through memory', () => {
    const sum = BigInt((ROUNDS * (ROUNDS + 1)) / 2);
    expect(reference.one.read(DATA + 16n)).toBe(sum);
    expect(reference.exits).toEqual(['1 system-event']);
    expect(reference.one.vcpus.map(({ mpState }) => mpState)).toEqual(['stopped', 'stopped']);
  });
  it('do the same in every run, and in either mode', () => {
    const { exits, time, registers } = reference;
    for (const mode of ['vhe', 'nvhe'] as const) expect(run({ mode })).toMatchObject({ exits, time, registers });
  });
  it.each([1, 3, 17, 1000])('make progress in turns of %i instructions', (slice) => {
    expect(run({ mode: 'nvhe' }, slice).one.read(DATA + 16n)).toBe(reference.one.read(DATA + 16n));
  });

  it('lose an exclusive reservation when the other has its turn', () => {
    // Both add 1 a thousand times, by exclusives; a turn ends between the load and the store sooner or later.
    const add = (n: number): string => `mov x20, #0x40000000\n add x20, x20, #0x8000\n mov x21, #${n}\n1: ldxr x1, [x20]\n add x1, x1, #1\n stxr w2, x1, [x20]\n cbnz w2, 1b\n sub x21, x21, #1\n cbnz x21, 1b\n mov x9, #0x9000000\n str xzr, [x9]`;
    const one = kvmGuest({ vcpus: 2, source: add(300), mode: 'nvhe' });
    one.program(add(300), RAM + 0x1000n);
    one.vcpus[1].mpState = 'runnable';
    one.vcpus[1].setRegister('pc', RAM + 0x1000n);
    let done = 0;
    runVcpus(one.vcpus, { slice: 5, turns: 10_000, onExit: (_exit, vcpu) => { vcpu.mpState = 'stopped'; return ++done < 2; } });
    expect(one.read(DATA)).toBe(600n);
  });

  it('pass no more time than until the next timer of either, when both wait', () => {
    // Each sets its virtual timer, waits for it, notes when it woke, and is done.
    const wait = (ticks: number, at: number): string => `mov x20, #0x40000000\n add x20, x20, #0x8000\n mrs x2, CNTVCT_EL0\n str x2, [x20, #${at}]\n add x2, x2, #${ticks}\n msr CNTV_CVAL_EL0, x2\n mov x2, #1\n msr CNTV_CTL_EL0, x2\n isb\n wfi\n mrs x2, CNTVCT_EL0\n str x2, [x20, #${at + 8}]\n msr CNTV_CTL_EL0, xzr\n mov x9, #0x9000000\n str xzr, [x9]`;
    for (const [first, second] of [[400, 3000], [3000, 400]] as const) {
      for (const mode of ['vhe', 'nvhe'] as const) {
        const one = kvmGuest({ vcpus: 2, source: wait(first, 0), mode });
        one.program(wait(second, 16), RAM + 0x1000n);
        one.vcpus[1].mpState = 'runnable';
        one.vcpus[1].setRegister('pc', RAM + 0x1000n);
        let done = 0;
        const end = runVcpus(one.vcpus, {
          turns: 1000,
          onExit: (exit, vcpu) => {
            // The VMM's controller: the timer's line is the vCPU's.
            vcpu.setLine('irq', vcpu.deviceLines['vtimer'] ?? false);
            if (exit.kind !== 'mmio') return true;
            vcpu.mpState = 'stopped';
            return ++done < 2;
          },
        });
        expect(end.kind).toBe('exit');
        const slept = (at: bigint): number => Number(one.read(DATA + at + 8n) - one.read(DATA + at));
        for (const [at, ticks] of [[0n, first], [16n, second]] as const) {
          expect(slept(at)).toBeGreaterThanOrEqual(ticks);
          expect(slept(at)).toBeLessThan(ticks + 200);
        }
      }
    }
  });

  it('end with an idle machine when all wait for ever', () => {
    const one = kvmGuest({ vcpus: 2, source: '1: wfi\n b 1b' });
    one.vcpus[1].mpState = 'runnable';
    one.vcpus[1].setRegister('pc', RAM);
    expect(runVcpus(one.vcpus, { onExit: () => true, turns: 100 })).toMatchObject({ kind: 'idle' });
    expect(() => runVcpus([], { onExit: () => true })).toThrow('EINVAL: no vCPUs');
  });
});
