import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// Typed rules over the root tsconfig, which sees packages, tests and tooling as one program.
export default defineConfig(
  { ignores: ['**/dist/', '**/node_modules/', '**/.cache/', '**/.turbo/', '**/coverage/', 'tooling/ambient/'] },
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.mjs'],
    extends: [tseslint.configs.strictTypeChecked],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 450, skipBlankLines: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'No default export: a name that every file spells alike can be searched for.' },
        { selector: 'TSEnumDeclaration', message: 'No enum: use a union of literals, or a const object.' },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // Off, each with its reason:
      // noUncheckedIndexedAccess is off (an index known to be in range is everywhere in an emulator), so an honest check of a missing row looks unnecessary
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // numbers and bigints read well in templates
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      // strings here are names and hexadecimal; no emoji is ever split
      '@typescript-eslint/no-misused-spread': 'off',
      // `x => void` shorthand is how a table of small functions reads
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // a type parameter used once still names what a caller chooses
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // overloads with a sentence each are documentation
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  {
    // Facts are as long as the manual they are taken from.
    files: ['**/facts/**', '**/vectors/**'],
    rules: { 'max-lines': 'off' },
  },
  {
    files: ['**/*.test.ts', '**/*.bench.ts', 'packages/*/scripts/**', 'tooling/**', 'examples/**', 'apps/**', '*.ts', '*.mjs'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
  {
    // Tests reach into what they made themselves; a wrong non-null claim fails the test, which is its purpose.
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/no-empty-function': 'off', '@typescript-eslint/unbound-method': 'off' },
  },
  {
    // Tools that load their configuration by default export.
    files: ['*.config.{ts,mjs}', '**/*.config.ts', 'tooling/gate/skipped-reporter.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // Generators of facts that a package keeps beside them; outside every program of the compiler.
    files: ['packages/*/scripts/**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'no-console': 'off', 'max-lines': 'off' },
  },
  {
    // Plain JavaScript runs before anything is installed; JSON there has no types.
    files: ['**/*.mjs'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off', '@typescript-eslint/no-unsafe-member-access': 'off', '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off', '@typescript-eslint/no-unsafe-argument': 'off', '@typescript-eslint/no-unnecessary-condition': 'off',
    },
  },
);
