import { hex, rotateRight } from '@worldswitch/bits';

/** (func (export "f") (param i64) (result i64) local.get 0 local.get 0 i64.mul) */
const module = Uint8Array.of(
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7e, 1, 0x7e, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0, 10, 9, 1, 7, 0, 0x20, 0, 0x20, 0, 0x7e, 0x0b,
);

/** Squares `input` 1000 times modulo 2⁶⁴ in WebAssembly, rotating between: a smoke test with a result worth comparing. */
export function main(input: { readonly start: string }): { readonly result: string } {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module));
  const square = exports['f'] as (x: bigint) => bigint;
  let x = BigInt(input.start);
  for (let i = 0; i < 1000; i++) x = rotateRight(BigInt.asUintN(64, square(x)), 13, 64) ^ BigInt(i);
  return { result: hex(x) };
}
