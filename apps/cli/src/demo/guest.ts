import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NAME = 'own-breakpoint';
/** Beside the built command, where its build copies it; from the sources, where it is built. */
const PLACES = [`./${NAME}.elf`, `../../../../guests/arm64/${NAME}/${NAME}.elf`] as const;

/** The guest of the demonstration, `guests/arm64/own-breakpoint`: an ELF file. */
export function demoGuest(): Uint8Array {
  const paths = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return new Uint8Array(readFileSync(paths.find(existsSync) ?? paths[0]));
}
