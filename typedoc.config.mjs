import { readdirSync, readFileSync } from 'node:fs';

/** The documented modules are what users can import: every entry of every public package. */
const entryPoints = readdirSync('packages').sort().flatMap((name) => {
  /** @type {{ private?: boolean, exports: Record<string, string | null> }} */
  const manifest = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'));
  if (manifest.private) return [];
  return Object.values(manifest.exports).filter((source) => source?.endsWith('.ts')).map((source) => `packages/${name}/${source}`);
});

/** @type {Partial<import('typedoc').TypeDocOptions>} */
const options = {
  name: 'worldswitch',
  entryPoints,
  entryPointStrategy: 'resolve',
  tsconfig: 'tsconfig.json',
  out: '.cache/docs',
  readme: 'README.md',
  // So that what the README links to are pages of the reference, not downloads.
  projectDocuments: ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'packages/*/README.md', 'apps/*/README.md', 'docs/**/*.md'],
  excludeInternal: true,
  excludePrivate: true,
  disableGit: true,
  sourceLinkTemplate: '{path}#L{line}',
  treatWarningsAsErrors: true,
  // A type that is only named in a signature need not be exported.
  validation: { notExported: false, invalidLink: true, notDocumented: false },
};

// typedoc takes its options by default export.
export default options;
