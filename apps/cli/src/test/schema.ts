/** The published schemas of `--json`, as validators. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** What is wrong with a value by `schemas/<name>.schema.json`: nothing, if the list is empty. */
export function schemaErrors(name: string, value: unknown): readonly string[] {
  const schema = JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8')) as object;
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
  return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath}: ${message ?? '?'} ${JSON.stringify(params)}`);
}
