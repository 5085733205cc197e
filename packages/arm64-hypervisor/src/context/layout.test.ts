import fc from 'fast-check';
import { ReferenceMemory } from '@worldswitch/machine';
import { describe, expect, it } from 'vitest';
import { Block } from './block.ts';
import { CPU_CONTEXT, GUEST_DEBUG_ARCH, VCPU_PARTS, VCPU_SIZE, VCPU_STATE, layout } from './layout.ts';
import type { Layout } from './layout.ts';

describe('the layouts', () => {
  // struct kvm_regs of arch/arm64/include/uapi/asm/kvm.h: user_pt_regs, sp_el1, elr_el1, spsr[5], user_fpsimd_state (aligned to 16).
  it.each([
    ['x0', 0, 8], ['x30', 240, 8], ['SP_EL0', 248, 8], ['PC', 256, 8], ['PSTATE', 264, 8], ['SP_EL1', 272, 8], ['ELR_EL1', 280, 8], ['SPSR_EL1', 288, 8],
    ['SPSR_fiq', 320, 8], ['v0', 336, 16], ['v31', 832, 16], ['FPSR', 848, 4], ['FPCR', 852, 4],
  ])('%s of a context is where struct kvm_regs has it', (name, offset, size) => {
    expect(CPU_CONTEXT.slot(name)).toMatchObject({ offset, size });
  });
  // struct kvm_guest_debug_arch: four arrays of 16 doublewords.
  it.each([['bcr0', 0], ['bcr15', 120], ['bvr0', 128], ['wcr0', 256], ['wvr0', 384], ['wvr15', 504]])('%s of a debug set is where kvm_guest_debug_arch has it', (name, offset) => {
    expect(GUEST_DEBUG_ARCH.slot(name)).toMatchObject({ offset, size: 8 });
    expect(GUEST_DEBUG_ARCH.size).toBe(512);
  });
  it('share a vCPU\'s page without overlap', () => {
    const parts: readonly (readonly [number, Layout])[] = [
      [VCPU_PARTS.context, CPU_CONTEXT], [VCPU_PARTS.vcpuDebugState, GUEST_DEBUG_ARCH], [VCPU_PARTS.hostDebugState, GUEST_DEBUG_ARCH],
      [VCPU_PARTS.externalDebugState, GUEST_DEBUG_ARCH], [VCPU_PARTS.state, VCPU_STATE],
    ];
    for (const [n, [offset, { size }]] of parts.entries()) expect(offset + size, String(n)).toBeLessThanOrEqual(parts[n + 1]?.[0] ?? VCPU_SIZE);
  });
  it('align every slot to its size, and never let two overlap', () => {
    const size = fc.constantFrom<4 | 8 | 16>(4, 8, 16);
    fc.assert(fc.property(fc.array(size, { minLength: 1, maxLength: 40 }), (sizes) => {
      const made = layout('any', sizes.map((one, n) => [`s${n}`, one]));
      let end = 0;
      for (const slot of made.slots) {
        expect(slot.offset % slot.size).toBe(0);
        expect(slot.offset).toBeGreaterThanOrEqual(end);
        end = slot.offset + slot.size;
      }
      expect(made.size).toBeGreaterThanOrEqual(end);
      expect(made.size % 16).toBe(0);
    }));
  });
  it('refuse two slots of a name, and tell which there are for one they lack', () => {
    expect(() => layout('two', [['a', 8], ['a', 4]])).toThrow('two: slot a is declared twice');
    expect(() => CPU_CONTEXT.slot('x31')).toThrow(/cpu-context has no slot x31; it has x0, x1/);
  });
});

describe('a block', () => {
  const BASE = 0x4000_0000n;
  const on = (order: 'little' | 'big'): { readonly block: Block; readonly memory: ReferenceMemory } => {
    const memory = new ReferenceMemory();
    memory.ram(BASE, 0x1000);
    return { block: new Block('c', CPU_CONTEXT, BASE, { memory, order, owner: 'guest' }), memory };
  };
  it.each([
    ['little', [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]], ['big', [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]],
  ] as const)('has its bytes in the host\'s order: %s', (order, bytes) => {
    const { block, memory } = on(order);
    block.set('PC', 0x1122_3344_5566_7788n);
    expect([...(memory.readBytes(BASE + 256n, 8) ?? [])]).toEqual(bytes);
    block.set('FPSR', 0x1122_3344n);
    expect([...(memory.readBytes(BASE + 848n, 4) ?? [])]).toEqual(order === 'little' ? [0x44, 0x33, 0x22, 0x11] : [0x11, 0x22, 0x33, 0x44]);
    block.set('v1', 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10n);
    const vector = [...(memory.readBytes(BASE + 352n, 16) ?? [])];
    expect(order === 'little' ? vector.reverse() : vector).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });
  it('gives back what was put in, cut to its slot, and leaves its neighbours alone', () => {
    const slots = CPU_CONTEXT.slots.map(({ name }) => name);
    for (const order of ['little', 'big'] as const) {
      const { block } = on(order);
      fc.assert(fc.property(fc.constantFrom(...slots), fc.bigInt(0n, (1n << 128n) - 1n), (name, value) => {
        const before = slots.map((other) => block.get(other));
        block.set(name, value);
        slots.forEach((other, n) => { expect(block.get(other)).toBe(other === name ? BigInt.asUintN(block.place(name).size * 8, value) : before[n]); });
      }), { numRuns: 30 });
    }
  });
  it('says what is missing where there is no memory', () => {
    const block = new Block('c', CPU_CONTEXT, 0n, { memory: new ReferenceMemory(), order: 'little', owner: 'host' });
    expect(() => block.get('x0')).toThrow('c: no memory at 0x0; give the hypervisor pages');
    expect(() => { block.set('x0', 1n); }).toThrow('c: no memory at 0x0');
  });
});
