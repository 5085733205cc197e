export function main(): Promise<never> {
  return new Promise(() => undefined);
}
