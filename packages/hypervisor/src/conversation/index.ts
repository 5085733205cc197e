/** Conversations of a VMM with KVM: recorded, made again, and printed as a C program for a real /dev/kvm. */
export { describeCall } from './conversation.ts';
export type { ByteCall, Conversation, ConversationCall, MemoryBytes, RecordedArgument, RecordedIoctl, RunBytes, TypedCall } from './conversation.ts';
export { RecordedKvmDevice } from './record.ts';
export { recordKvm } from './typed.ts';
export { replayConversation } from './replay.ts';
export type { ConversationDifference } from './replay.ts';
export { printAsC } from './print-c.ts';
