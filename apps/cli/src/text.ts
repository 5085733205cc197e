/** A whole number with its thousands apart. `toLocaleString` would load the locales of the world for it, 30 ms of a start. */
export function count(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
