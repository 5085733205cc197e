/**
 * A toy machine of two processors on the three executions of one description: run in pieces, saved in the middle, continued on another
 * execution; the same result at the same tick in the same state.
 */
import { assemble } from '@worldswitch/isa';
import { formatHash } from '@worldswitch/machine';
import { createToy, KINDS, TOY_INSTRUCTIONS, type Toy } from '@worldswitch/testkit';

// Sums the squares of 1 to 1000, writes each into memory, and changes its own last addition on the way.
const worker = assemble(`
        addi r1, r0, 1000
        addi r4, r0, 0x4000
loop:   mul r2, r1, r1
        add r3, r3, r2
        st.64 r2, 0(r4)
        addi r4, r4, 8
        addi r1, r1, -1
        bnz r1, loop
        addi r5, r0, 7
        addi r6, r0, patch
        st.8 r5, 3(r6)
patch:  addi r3, r3, 0
        halt
`, { instructionSet: TOY_INSTRUCTIONS, origin: 0x1000n });

// Sleeps until tick 3000, notes the time and the first square that is not there yet, and sleeps for good.
const watcher = assemble(`
        addi r1, r0, 3000
        setc alarm, r1
        wait
        setc alarm, r0
        getc r2, count
        addi r3, r0, 0x4000
look:   ld.64.u.64 r4, 0(r3)
        addi r3, r3, 8
        bnz r4, look
sleep:  wait
        b sleep
`, { instructionSet: TOY_INSTRUCTIONS, origin: 0x2000n });

for (const [index, kind] of KINDS.entries()) {
  const toy = createToy({ kind, processors: 2, quantum: 100 });
  for (const { origin, bytes } of [worker, watcher]) toy.machine.memory.loadBytes(origin, bytes);
  toy.cpus[1].registers.debugger.write('pc', watcher.origin);

  // Seven instructions at a time, as far as the middle; then elsewhere, at one go.
  for (let left = 3500; left > 0; left -= 7) toy.machine.run({ budget: 7 });
  const next = KINDS[(index + 1) % KINDS.length];
  const other = createToy({ kind: next, processors: 2, quantum: 100 });
  other.machine.restore(toy.machine.save());

  const stop = other.machine.run({ budget: 100_000 });
  const register = (cpu: number, name: string): bigint => valueOf(other, cpu, name);
  console.log(`${kind}, then ${next}: ${stop.kind} by processor ${'cpu' in stop ? stop.cpu : '-'} at tick ${other.machine.clock.now()}, sum ${register(0, 'r3')}`);
  console.log(`  the watcher woke at tick ${register(1, 'r2')} and found ${(register(1, 'r3') - 0x4008n) / 8n} squares; state ${formatHash(other.machine.hash())}`);
}

function valueOf({ cpus }: Toy, cpu: number, name: string): bigint {
  return cpus[cpu].registers.debugger.read(name) ?? 0n;
}
