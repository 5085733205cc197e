import { ImageError } from './error.ts';

/**
 * Unpacks one gzip file (RFC 1952): `zlib.gunzipSync` in Node, `pako.ungzip` or `fflate.gunzipSync` in a browser. It may throw
 * whatever it likes for damaged data; {@link unpackGzip} turns that into an {@link ImageError}. It should itself stop at `limit`.
 */
export type Gunzip = (packed: Uint8Array, limit: number) => Uint8Array;

/** How to treat packed input. */
export interface UnpackOptions {
  readonly gunzip?: Gunzip;
  /** Most bytes accepted after unpacking; 1 GiB when left out. */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 2 ** 30;

/** True when the bytes start as a gzip member with the deflate method (RFC 1952, 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 3 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/**
 * The content of gzip input; other input comes back as it is. The format itself is left to the function handed in, because Node
 * and browsers each have their own.
 *
 * @throws ImageError `packed` when it is gzip and there is no function, `malformed` when the function fails, `too-large` beyond the limit.
 */
export function unpackGzip(bytes: Uint8Array, options: UnpackOptions = {}): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  if (options.gunzip === undefined) {
    throw new ImageError({
      code: 'packed',
      value: `gzip-packed input of ${bytes.length} bytes`,
      rule: 'a packed image is read only with a decompressor',
      remedy: 'Unpack it first (gunzip -c Image.gz > Image), or pass { gunzip } (zlib.gunzipSync in Node)',
    });
  }
  const limit = options.limit ?? DEFAULT_LIMIT;
  let content: Uint8Array;
  try {
    content = options.gunzip(bytes, limit);
  } catch (error) {
    throw new ImageError({
      code: 'malformed',
      value: `gzip-packed input of ${bytes.length} bytes (${error instanceof Error ? error.message : String(error)})`,
      rule: `it must unpack without an error to at most ${limit} bytes`,
      remedy: 'Check the file with gzip -t, or raise the limit',
    });
  }
  if (content.length > limit) {
    throw new ImageError({
      code: 'too-large',
      value: `gzip-packed input of ${bytes.length} bytes that unpacks to ${content.length}`,
      rule: `an image unpacks to at most ${limit} bytes`,
      remedy: 'Raise the limit if the image is meant to be this large',
    });
  }
  return content;
}
