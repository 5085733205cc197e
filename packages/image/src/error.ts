/** What kind of fault it is, for programs; people read the message. */
export type ImageErrorCode =
  | 'truncated' // a field or a block lies outside the file
  | 'foreign' // the file is of another format, class or machine than asked for
  | 'malformed' // a field contradicts the format's rules
  | 'unsupported' // the format allows it, this package does not read it
  | 'packed' // the content is compressed and no decompressor was handed in
  | 'does-not-fit' // the image is larger than the memory it should go to
  | 'too-large'; // a limit that protects the reader was exceeded

/** The four parts of an {@link ImageError}. */
export interface ImageFault {
  readonly code: ImageErrorCode;
  /** The offending value, with its place: `e_phoff = 0x7fff0000 (file of 512 bytes)`. */
  readonly value: string;
  /** The rule it breaks, with the document that states it. */
  readonly rule: string;
  /** What the user can do about it. */
  readonly remedy: string;
}

/**
 * The one error this package throws for bad input. Whatever bytes are handed in, a reader either returns a result or throws
 * this; it never reads outside the bytes and never allocates by a size that only the input claims.
 */
export class ImageError extends Error implements ImageFault {
  override readonly name = 'ImageError';
  readonly code: ImageErrorCode;
  readonly value: string;
  readonly rule: string;
  readonly remedy: string;

  constructor(fault: ImageFault) {
    super(`${fault.value}: ${fault.rule}. ${fault.remedy}`);
    this.code = fault.code;
    this.value = fault.value;
    this.rule = fault.rule;
    this.remedy = fault.remedy;
  }
}
