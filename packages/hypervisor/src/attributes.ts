/** Attributes of VMs, vCPUs and devices (KVM_HAS/GET/SET_DEVICE_ATTR): the refusals that are the same for all. */
import { hex } from '@worldswitch/bits';
import type { Attribute, Attributes } from './architecture.ts';
import { KvmError } from './error.ts';

const nameOf = (group: number, attribute: bigint): string => `attribute ${hex(attribute)} of group ${group}`;

function refuse(errno: 'ENXIO' | 'EINVAL', value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

/** Throws `KvmError` ENXIO for one that does not exist. */
export function attributeOf(attributes: Attributes, group: number, attribute: bigint): Attribute {
  return attributes.find(group, attribute) ?? refuse('ENXIO', nameOf(group, attribute), 'it does not exist here', 'ask with hasAttribute first');
}

/** The value's bytes, in the host's order. Throws `KvmError` ENXIO for one that does not exist or cannot be read. */
export function readAttribute(attributes: Attributes, group: number, attribute: bigint): Uint8Array {
  const { get } = attributeOf(attributes, group, attribute);
  return get ? get() : refuse('ENXIO', nameOf(group, attribute), 'it can only be written', 'leave the call out');
}

/** Throws `KvmError` ENXIO for one that does not exist or cannot be written, EINVAL for the wrong number of bytes. */
export function writeAttribute(attributes: Attributes, group: number, attribute: bigint, value: Uint8Array): void {
  const { set, size } = attributeOf(attributes, group, attribute);
  if (!set) return refuse('ENXIO', nameOf(group, attribute), 'it can only be read', 'leave the call out');
  if (value.length !== size) refuse('EINVAL', `${value.length} bytes for ${nameOf(group, attribute)}`, `it has ${size}`, 'pass as many');
  set(value);
}
