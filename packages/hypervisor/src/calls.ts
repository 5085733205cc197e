/** Calls that only one architecture has. */
import type { ArchitectureCall, HypervisorArchitecture } from './architecture.ts';
import { KvmError } from './error.ts';

/** Throws `KvmError` EINVAL for a name the architecture does not have. */
export function architectureCall<A>({ name: architecture, abi }: HypervisorArchitecture<A>, name: string): ArchitectureCall<A> {
  const call = abi.calls.find((one) => one.name === name);
  if (call) return call;
  throw new KvmError('EINVAL', { value: name, rule: `${architecture} does not have the call`, remedy: `it has ${abi.calls.map((one) => one.name).join(', ') || 'none of its own'}` });
}
