export function main(): never {
  throw new Error('thrown in the page');
}
