import type { ByteOrder } from '@worldswitch/bits';
import type { CodePage } from '../code/pages.ts';
import type { CodeStore } from '../code/store.ts';
import type { InstructionTable } from '../ir/semantics.ts';
import type { LinearMemory } from '../memory/linear.ts';

export interface TranslatorPort {
  readonly linear: LinearMemory;
  readonly code: CodeStore;
  readonly table: InstructionTable;
  readonly order: ByteOrder;
  readonly digest: boolean;
  readonly functions: WebAssembly.Table;
  readonly imports: Record<string, Record<string, unknown>>;
}
export class Translator {
  readonly threshold: number;
  readonly entries: number;
  constructor(port: TranslatorPort, threshold: number) {
    this.threshold = threshold;
    this.entries = port.linear.allocate(65536 * 8);
  }
  want(_record: number): void {}
  compile(): void {}
  drop(_page: CodePage): void {}
  clear(): void {}
}
