/** The table of all sentences, their tests and the deviations, as a page of the docs. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DEVIATIONS } from './deviations.ts';
import SENTENCES from './sentences.json' with { type: 'json' };

const HERE = fileURLToPath(new URL('.', import.meta.url));
const TITLES: Readonly<Record<string, string>> = {
  1: 'Objects and errors', 2: 'Memory regions', 3: 'A vCPU begins', 4: 'Registers', 5: 'Running', 6: 'Guest debug', 7: 'Other calls',
};

/** Test files by the sentence that they test. */
export function testsBySentence(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of readdirSync(HERE).filter((name) => name.endsWith('.test.ts')).sort()) {
    for (const [, id] of readFileSync(`${HERE}${file}`, 'utf8').matchAll(/\bsentence\('([\d.]+)'/g)) {
      const files = found.get(id) ?? [];
      if (!files.includes(file)) found.set(id, [...files, file]);
    }
  }
  return found;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

export function semanticsPage(): string {
  const tests = testsBySentence();
  const reasons = new Map(DEVIATIONS.map(({ id, reason }) => [id, reason]));
  const sections = Object.entries(TITLES).map(([section, title]) => {
    const rows = SENTENCES.filter(({ id }) => id.startsWith(`${section}.`)).map(({ id, text }) => {
      const files = (tests.get(id) ?? []).map((file) => `\`${file}\``).join(', ');
      const reason = reasons.get(id);
      return `| ${id} | ${cell(text)} | ${[files, reason === undefined ? '' : `deviates: ${cell(reason)}`].filter((part) => part !== '').join('; ')} |`;
    });
    return [`## ${section}. ${title}`, '', '| | sentence | test |', '|---|---|---|', ...rows, ''].join('\n');
  });
  return [
    '<!-- Printed by packages/vmm/test/kvm/page.ts; a test compares. -->', '', '# What userspace may rely on', '',
    `KVM on arm64 as Linux 6.12 has it, in ${SENTENCES.length} sentences: each with the test in \`packages/vmm/test/kvm\` that holds it against our KVM, or the reason why it deviates.`,
    'The tests are part of the gate, so what is listed here passes.', '', ...sections,
  ].join('\n');
}
