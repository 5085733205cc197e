/** One line of JSON. Integers wider than a number are hexadecimal strings, bytes are base64. */
export function jsonLine(value: object): string {
  return `${JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `0x${part.toString(16)}`;
    return part instanceof Uint8Array ? Buffer.from(part).toString('base64') : part;
  })}\n`;
}
