import { readFileSync } from 'node:fs';

export function main(): string {
  return readFileSync('/etc/hostname', 'utf8');
}
