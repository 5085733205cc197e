/** Refusals of KVM calls: the errno the kernel gives, and what a person needs to get past it. */

/** Error numbers of the kernel's generic table, for those a KVM call can return. */
export const ERRNO = {
  EPERM: 1, ENOENT: 2, EINTR: 4, EIO: 5, ENXIO: 6, E2BIG: 7, ENOEXEC: 8, EBADF: 9, EAGAIN: 11, ENOMEM: 12, EFAULT: 14, EBUSY: 16, EEXIST: 17,
  ENODEV: 19, EINVAL: 22, EMFILE: 24, ENOTTY: 25, ENOSPC: 28, ENOSYS: 38, EOPNOTSUPP: 95, ENOBUFS: 105, EHWPOISON: 133,
} as const;

export type ErrnoName = keyof typeof ERRNO;

/** What a refusal says. */
export interface KvmRefusal {
  /** The offending value, as a person would write it. */
  readonly value: string;
  /** The rule it breaks. */
  readonly rule: string;
  /** The way out. */
  readonly remedy: string;
}

/** A KVM call that was refused; nothing has changed. `errno` is the name, `code` the number the kernel would return negated. */
export class KvmError extends Error {
  readonly errno: ErrnoName;
  readonly code: number;
  readonly value: string;
  readonly rule: string;
  readonly remedy: string;

  constructor(errno: ErrnoName, { value, rule, remedy }: KvmRefusal) {
    super(`${errno}: ${value}: ${rule}; ${remedy}`);
    this.name = 'KvmError';
    this.errno = errno;
    this.code = ERRNO[errno];
    this.value = value;
    this.rule = rule;
    this.remedy = remedy;
  }
}

/**
 * Makes a call; a refusal of it then says what was being done, with its number, its rule and its way out as they were. The refusal as it came
 * is the `cause`.
 */
export function whileDoing<T>(doing: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof KvmError)) throw error;
    const named = new KvmError(error.errno, { value: `${doing}: ${error.value}`, rule: error.rule, remedy: error.remedy });
    named.cause = error;
    throw named;
  }
}
