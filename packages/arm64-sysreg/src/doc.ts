/** Shapes of the documentation tables, kept apart from the facts so that a program which prints nothing does not carry them. */

/** A few words about a field, and the names of its values where the manual names them. */
export interface FieldDoc {
  readonly brief?: string;
  readonly values?: { readonly [value: number]: string };
  /** Defined values without a name. */
  readonly codes?: readonly number[];
}

export interface RegisterDoc {
  readonly title?: string;
  readonly brief?: string;
  readonly fields: { readonly [field: string]: FieldDoc };
}

export type RegisterDocs = { readonly [register: string]: RegisterDoc };
