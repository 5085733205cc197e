/** The ABI as data: requests, structures, constants and refusals of KVM, for arm64 and 32-bit PowerPC. */
export { CONSTANTS } from '../facts/constants.ts';
export { IOCTLS } from '../facts/ioctls.ts';
export { REFUSALS } from '../facts/refusals.ts';
export { ERRNO } from '../error.ts';
export type { ErrnoName } from '../error.ts';
export { KVM_REQUEST_TYPE, decodeRequest, encodeRequest, ioctlNamed, requestOf, requestTable } from './request.ts';
export type { Ioctl, IoctlDirection, IoctlLevel, IoctlName, Request, RequestEncoding, StructAbi } from './request.ts';
export { STRUCTS, StructCodec, structCodec, structLayout } from './struct.ts';
export type { FieldName, StructField, StructLayout, StructName, StructValue, UnionMember } from './struct.ts';
