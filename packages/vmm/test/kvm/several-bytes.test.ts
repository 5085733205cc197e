/** Two vCPUs of one program, run in turns through /dev/kvm; and the same conversation on another host. */
import { describe, expect, it } from 'vitest';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import { RecordedKvmDevice, replayConversation } from '@worldswitch/hypervisor/conversation';
import { UserSpace, errorName } from '@worldswitch/hypervisor/ioctl';
import type { IoctlArgument, KvmDeviceOptions } from '@worldswitch/hypervisor/ioctl';
import { kvmBench } from './bench.ts';
import type { KvmBench } from './bench.ts';
import { RAM, request, struct } from './byte-program.ts';

/** The first starts the second by PSCI and waits for it; the second sets a timer, waits for that, and tells. Then the machine is switched off. */
const GUEST = `
  mov x0, #3
  movk x0, #0xc400, lsl #16
  mov x1, #1
  adr x2, second
  mov x3, #42
  hvc #0
  adr x4, flag
again:
  wfe
  ldr w5, [x4]
  cbz w5, again
  mov x1, #0x9000000
  str w5, [x1]
  mov x0, #8
  movk x0, #0x8400, lsl #16
  hvc #0
second:
  mrs x6, cntvct_el0
  add x6, x6, #4095
  msr cntv_cval_el0, x6
  mov x7, #1
  msr cntv_ctl_el0, x7
  isb
wait:
  mrs x7, cntv_ctl_el0
  tbz x7, #2, wait
  adr x4, flag
  str w0, [x4]
  sev
  wfi
  b .
flag: .word 0, 0`;

const run = struct('kvm_run');

function optionsOf({ machine, memory: { base, size } }: KvmBench): KvmDeviceOptions & { readonly memory: UserSpace } {
  return {
    memory: new UserSpace({ ram: { base, size, memory: machine.memory } }), slice: 1000,
    time: { now: () => machine.clock.now(), skipTo: (tick) => { machine.skipTo(tick); } },
  };
}

describe('two vCPUs through /dev/kvm', () => {
  it('one is started by the other, both wait, and all runs are the same', () => {
    const once = () => {
      const bench = kvmBench();
      const options = optionsOf(bench);
      const device = new RecordedKvmDevice(bench.kvm, options);
      const call = (fd: number, name: Parameters<typeof request>[0], argument: IoctlArgument = 0): number => device.ioctl(fd, request(name), argument);
      const vm = call(device.open('/dev/kvm'), 'KVM_CREATE_VM');
      bench.load(bench.memory.base, RAM, GUEST);
      device.memory.write(bench.memory.base, device.memory.read(bench.memory.base, 4096) ?? new Uint8Array(0));
      call(vm, 'KVM_SET_USER_MEMORY_REGION', struct('kvm_userspace_memory_region').encode({ guest_phys_addr: RAM, memory_size: 0x1_0000n, userspace_addr: bench.memory.base }));
      const vcpus = [[4], [4 | 1]].map((features, id) => {
        const fd = call(vm, 'KVM_CREATE_VCPU', id);
        call(fd, 'KVM_ARM_VCPU_INIT', struct('kvm_vcpu_init').encode({ target: 5, features }));
        return { fd, page: device.mmap(fd, 4096) as Uint8Array };
      });
      const value = Uint8Array.of(0, 0, 0, 0x40, 0, 0, 0, 0);
      call(vcpus[0].fd, 'KVM_SET_ONE_REG', struct('kvm_one_reg').encode({ id: 0x6030_0000_0010_0040n, addr: options.memory.place(value) }));
      const told: number[] = [];
      for (let turn = 0; turn < 100; turn++) {
        const { fd, page } = vcpus[turn % 2];
        const result = call(fd, 'KVM_RUN');
        if (result < 0) {
          expect(errorName(result)).toBe('EINTR');
          continue;
        }
        if (run.get(page, 'exit_reason') === CONSTANTS.KVM_EXIT.KVM_EXIT_MMIO) told.push(run.get(page, 'mmio.data')[0]);
        if (run.get(page, 'exit_reason') === CONSTANTS.KVM_EXIT.KVM_EXIT_SYSTEM_EVENT) break;
      }
      return { told, conversation: device.conversation };
    };
    const [first, second] = [once(), once()];
    expect(first.told).toEqual([42]);
    expect(second.conversation).toEqual(first.conversation);
    expect(first.conversation.calls.length).toBeLessThan(60);
    // And made again by a program that has nothing but the conversation.
    const bench = kvmBench();
    expect(replayConversation(first.conversation, bench.kvm, optionsOf(bench))).toBeUndefined();
  });
});
