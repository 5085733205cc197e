import { describe, expect, it } from 'vitest';
import { Kvm } from '../kvm.ts';
import { byteConversation, guest, typedConversation } from '../test/conversations.ts';
import { ModelHypervisor } from '../test/model.ts';
import { INIT, program } from '../test/program.ts';
import { describeCall, printAsC, replayConversation } from './index.ts';
import type { Conversation, RecordedIoctl } from './index.ts';

/** On a KVM of its own, whose guest may be another. */
function replay(conversation: Conversation, script = guest(), change: (host: ModelHypervisor) => void = () => undefined): ReturnType<typeof replayConversation> {
  const { memory } = program();
  const host = new ModelHypervisor();
  host.script = script;
  change(host);
  return replayConversation(conversation, new Kvm(host), { memory });
}
const changed = (conversation: Conversation, index: number, over: object): Conversation =>
  ({ ...conversation, calls: conversation.calls.map((call, n) => (n === index ? { ...call, ...over } : call)) });

describe('a conversation in bytes', () => {
  const conversation = byteConversation();
  const find = (name: string): number => conversation.calls.findIndex((call) => call.call === 'ioctl' && call.name === name);

  it('has each call, what pointers led to, and kvm_run', () => {
    expect(conversation.calls.map(describeCall).slice(0, 5)).toEqual(['0 open(/dev/kvm) = 3', '1 ioctl(3, KVM_CREATE_VM) = 4', '2 open(/dev/none) = -2', '3 4 bytes to 0x80000000', '4 ioctl(4, KVM_SET_USER_MEMORY_REGION) = 0']);
    const set = conversation.calls[find('KVM_SET_ONE_REG')] as RecordedIoctl;
    expect(set.reads.map(({ bytes }) => bytes)).toEqual([Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1)]);
    const init = conversation.calls[find('KVM_ARM_VCPU_INIT')] as RecordedIoctl;
    expect(init.reads.map(({ bytes }) => bytes)).toEqual([INIT]);
    const runs = conversation.calls.filter((call): call is RecordedIoctl => call.call === 'ioctl' && call.name === 'KVM_RUN');
    expect(runs.map(({ result }) => result)).toEqual([0, -4, 0, -22]);
    expect(runs[1].run?.changed).toEqual([{ offset: 1, bytes: Uint8Array.of(1) }, { offset: 40, bytes: Uint8Array.of(0x34, 0x12) }]);
  });
  it('is the same again, and without the memory of the program that recorded it', () => { expect(replay(conversation)).toBeUndefined(); });
  it('survives being copied', () => { expect(replay(structuredClone(conversation))).toBeUndefined(); });
  it('is otherwise where the hypervisor is', () => {
    expect(replay(conversation, () => ({ kind: 'shutdown' }))).toMatchObject({ what: 'kvm_run', call: expect.stringContaining('KVM_RUN') as string });
    expect(replay(conversation, guest(), (host) => { host.hostMemory = () => false; })).toMatchObject({ index: 4, what: 'result', expected: 0, found: -22 });
    expect(replay(changed(conversation, find('KVM_GET_ONE_REG'), { writes: [] }))).toMatchObject({ index: find('KVM_GET_ONE_REG') });
    expect(replay(changed(conversation, find('KVM_ARM_PREFERRED_TARGET'), { argument: { before: new Uint8Array(32), after: new Uint8Array(32) } }))).toMatchObject({ what: 'argument' });
  });
});

describe('a conversation with objects', () => {
  const conversation = typedConversation();
  it('has names for them, values, refusals and answers', () => {
    const lines = conversation.calls.map(describeCall);
    expect(lines.slice(0, 4)).toEqual(['0 kvm.checkExtension = done', '1 kvm.createVm = done', '2 vm0.setMemoryRegion = done', '3 vm0.setMemoryRegion = EINVAL']);
    expect(lines).toContainEqual(expect.stringMatching(/vm0.vcpu1.oneRegisters.get = ENOENT/));
    const runs = conversation.calls.filter((call) => call.call === 'typed' && call.method === 'run');
    expect(runs.at(-1)).toMatchObject({ answer: Uint8Array.of(0x34, 0x12), result: { value: { kind: 'system-event' } } });
  });
  it('is the same again, and otherwise where the hypervisor is', () => {
    expect(replay(conversation)).toBeUndefined();
    expect(replay(conversation, () => ({ kind: 'shutdown' }))).toMatchObject({ what: 'result', expected: { value: { kind: 'mmio' } }, found: { value: { kind: 'shutdown' } } });
    expect(() => replay({ ...conversation, calls: conversation.calls.slice(2) })).toThrow(/vm0: nothing of this name was made/);
  });
});

describe('as a program', () => {
  it('makes the calls, in bytes and with objects', () => {
    const text = printAsC(byteConversation());
    expect(text).toContain('result(1, "KVM_CREATE_VM", 4, opened(4, answer(ioctl(fd_of(3), 0xae01ul, 0x0ul))));');
    expect(text).toContain('put64(argument, 24, (uint64_t)(uintptr_t)guest_memory(0x80000000ull, 0x100000ull));');
    // Memory of guests is there before it is filled.
    expect(text.indexOf('  guest_memory(0x80000000ull, 0x100000ull);')).toBeLessThan(text.indexOf('store(0x80000000ull, bytes, 4);'));
    const typed = printAsC(typedConversation());
    for (const name of ['KVM_ARM_VCPU_INIT', 'KVM_SET_ONE_REG', 'KVM_SET_GUEST_DEBUG', 'KVM_RUN', 'KVM_GET_DIRTY_LOG', 'KVM_SET_MP_STATE']) expect(typed).toContain(`"${name}"`);
    expect(typed).toContain('vm0.vcpu1.getRegister(x0): no ioctl stands for it');
  });
});
