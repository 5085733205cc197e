/** What a benchmark gives: a table and how its figures were measured. Benchmarks inform; only tests fail. */
export interface Table {
  readonly title: string;
  /** How it was measured, and what the project wants to reach, in whole sentences. */
  readonly method: string;
  readonly columns: readonly string[];
  /** Numbers are shown with three significant digits; undefined is a figure that could not be taken, and the method says why. */
  readonly rows: readonly (readonly (string | number | undefined)[])[];
}

/** A benchmark is a module `*.bench.ts` with this export; several tables come from the same samples. */
export interface BenchModule {
  readonly bench: () => Table | readonly Table[];
}

/** The table as Markdown, with its heading and method. */
export function markdown({ title, method, columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const body = rows.map((row) => line(row.map((cell) => (typeof cell === 'string' ? cell : cell === undefined ? '—' : threeDigits(cell)))));
  return [`## ${title}`, '', method, '', line(columns), line(columns.map((_, index) => (index === 0 ? '---' : '--:'))), ...body, ''].join('\n');
}

function threeDigits(value: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Math.abs(value) >= 1000 ? Math.round(Number(value.toPrecision(3))).toLocaleString('en') : value.toFixed(Math.min(decimals, 6));
}
