import tseslint from 'typescript-eslint';
import { disableNeedsReason, restriction } from './scripts/eslint-rules.js';

/** Code whose behaviour is time and chance by nature: it observes the program from outside. */
const outside = ['**/*.test.ts', 'packages/*/test/**', 'scripts/**', 'sample/**', 'bench/**', 'examples/**'];

const secretName =
  '/(^|_)(secret|token|password|signature|mac|proof)s?$|(Secret|Token|Password|Signature|Mac|Proof)s?$/';
const comparesSecret = ['left', 'right'].flatMap((side) => [
  `BinaryExpression[operator=/^[!=]==?$/][${side}.type="Identifier"][${side}.name=${secretName}]`,
  `BinaryExpression[operator=/^[!=]==?$/][${side}.type="MemberExpression"][${side}.property.name=${secretName}]`,
]);
/** Whether a value is there, of which type or which fixed word is no comparison of secrets. */
const harmless = ['left', 'right']
  .flatMap((side) => [
    `:not([${side}.type="Literal"])`,
    `:not([${side}.type="Identifier"][${side}.name="undefined"])`,
    `:not([${side}.type="UnaryExpression"])`,
  ])
  .join('');

/**
 * Who owns what. Everyone else gets the message.
 * `where`: files that the ban covers. `owners`: files that may.
 */
export const bans = [
  {
    name: 'clock',
    where: ['packages/*/src/**/*.ts'],
    owners: ['packages/gateway/src/system.ts', 'packages/sdk/src/platform.ts', ...outside],
    selectors: [
      'MemberExpression[object.name="Date"][property.name="now"]',
      'NewExpression[callee.name="Date"][arguments.length=0]',
      'CallExpression[callee.name="Date"]',
      'MemberExpression[object.name="performance"][property.name="now"]',
      'MemberExpression[object.name="process"][property.name="hrtime"]',
    ],
    message:
      'Time comes in through the clock port (law 11), so that tests own it. Only packages/gateway/src/system.ts and packages/sdk/src/platform.ts read the clock.',
  },
  {
    name: 'randomness',
    where: ['packages/*/src/**/*.ts'],
    owners: ['packages/gateway/src/system.ts', 'packages/sdk/src/platform.ts', ...outside],
    selectors: [
      'MemberExpression[object.name="Math"][property.name="random"]',
      'MemberExpression[property.name=/^(randomUUID|randomBytes|randomInt|randomFill|randomFillSync|getRandomValues)$/]',
      'ImportSpecifier[imported.name=/^(randomUUID|randomBytes|randomInt|randomFill|randomFillSync|getRandomValues)$/]',
    ],
    message:
      'Randomness and ids come in through a port (law 11), so that tests repeat and one file answers for strength. Only packages/gateway/src/system.ts and packages/sdk/src/platform.ts draw them.',
  },
  {
    name: 'environment',
    where: ['packages/*/src/**/*.ts'],
    owners: ['packages/gateway/src/config/*.ts', 'packages/cli/src/main.ts', ...outside],
    selectors: [
      'MemberExpression[object.name="process"][property.name="env"]',
      'ImportDeclaration[source.value=/^(node:)?process$/] > ImportSpecifier[imported.name="env"]',
    ],
    message:
      'Every option is declared, checked and documented in packages/gateway/src/config; a variable read elsewhere is an option that nobody can find.',
  },
  {
    name: 'output',
    where: ['packages/*/src/**/*.ts'],
    owners: [
      'packages/cli/src/main.ts',
      'packages/cli/src/output.ts',
      'packages/gateway/src/main.ts',
      'packages/gateway/src/channels/terminal/print.ts',
      ...outside,
    ],
    selectors: [
      'MemberExpression[object.name="console"]',
      'MemberExpression[object.name="process"][property.name=/^(stdout|stderr)$/]',
    ],
    message:
      'Secrets stay inside (law 8): the gateway speaks through telemetry, which redacts, and the cli through packages/cli/src/output.ts.',
  },
  {
    name: 'serialisation',
    where: [
      'packages/verifier/src/**/*.ts',
      'packages/gateway/src/core/**/*.ts',
      'packages/gateway/src/ledger/**/*.ts',
    ],
    owners: ['packages/verifier/src/canonical.ts', ...outside],
    selectors: ['MemberExpression[object.name="JSON"][property.name="stringify"]'],
    message:
      'What is hashed or signed is canonical JSON (RFC 8785): JSON.stringify keeps insertion order, so equal values hash differently. Use packages/verifier/src/canonical.ts.',
  },
  {
    name: 'secret-comparison',
    where: ['packages/*/src/**/*.ts'],
    owners: outside,
    selectors: comparesSecret.map((selector) => selector + harmless),
    message:
      '=== stops at the first difference, and its time tells how much of a secret was right. Compare with timingSafeEqual.',
  },
  {
    name: 'sql-by-concatenation',
    where: ['packages/*/src/**/*.ts'],
    owners: outside,
    selectors: [
      'TemplateLiteral[expressions.length>0] > TemplateElement:first-child[value.raw=/^\\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP) /]',
      'BinaryExpression[operator="+"] > Literal.left[value=/^\\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP) /]',
    ],
    message: 'Values never become SQL text: bind them as parameters, and keep the statement one literal.',
  },
];

const local = {
  rules: {
    ...Object.fromEntries(bans.map((ban) => [ban.name, restriction(ban.selectors, ban.message)])),
    'disable-needs-reason': disableNeedsReason,
  },
};

export default tseslint.config(
  { ignores: ['**/*.d.ts', '**/dist/', '**/node_modules/', 'vectors/', '**/generated/', 'coverage/'] },
  {
    plugins: { sallyport: local },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'sallyport/disable-needs-reason': 'error',
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-empty': 'error',
      'no-unsafe-finally': 'error',
      'no-control-regex': 'error',
      'no-misleading-character-class': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './packages/verifier/page/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // An in-memory sibling implements an asynchronous port without waiting for anything.
      '@typescript-eslint/require-await': 'off',
      // The compiler's noUnusedLocals and noUnusedParameters say it already.
      '@typescript-eslint/no-unused-vars': 'off',
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: outside,
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70 }],
      'max-params': ['error', { max: 4 }],
      'max-depth': ['error', { max: 3 }],
    },
  },
  {
    // Test doubles and describe blocks: the shapes of the code under test are checked there.
    files: ['**/*.test.ts', 'packages/*/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  ...bans.map((ban) => ({
    files: ban.where,
    ignores: ban.owners,
    rules: { [`sallyport/${ban.name}`]: 'error' },
  })),
);
