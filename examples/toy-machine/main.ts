/** A toy program on the three executions of one description: the same result after the same number of instructions. */
import { formatHash } from '@worldswitch/machine';
import { KINDS, stateHash, TOY_INSTRUCTIONS, TOY_REGISTERS, ToyMachine } from '@worldswitch/testkit';
import { assemble } from '@worldswitch/isa';

// Sums the squares of 1 to 1000, writes each into memory, and changes its own last addition on the way.
const program = assemble(`
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

for (const kind of KINDS) {
  const machine = new ToyMachine(kind, 1, { threshold: 10 });
  machine.engine.memory.load(Number(program.origin), program.bytes);
  const [core] = machine.cores;
  core.pc = program.origin;
  const stop = machine.run(0, 100_000);
  console.log(`${kind.padEnd(11)}  sum ${core.state.get(TOY_REGISTERS[3])}  ${core.retired} instructions  ${stop.kind}  state ${formatHash(stateHash(machine))}`);
}
