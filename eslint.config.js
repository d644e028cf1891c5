// @ts-check
import js from '@eslint/js'
import tseslint from 'typescript-eslint'
import { importRules } from './configs/lint/import-rules.js'

export default tseslint.config(
  { ignores: ['**/node_modules/**', '**/dist/**', '.runlight/**', '**/*.generated.*'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      // `satisfies` and `as const` cover what is left; a non-null assertion hides a case.
      '@typescript-eslint/no-non-null-assertion': 'error',
      // A schema and its type share one name.
      '@typescript-eslint/no-redeclare': 'off',
      'no-redeclare': 'off',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      eqeqeq: 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    // Tools that demand a default export.
    files: ['*.config.js', '*.config.ts', 'configs/**/*.config.ts'],
    rules: { 'no-restricted-exports': 'off' },
  },
  ...importRules,
)
