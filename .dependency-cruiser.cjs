/** The import table of the project as rules; every edge inside the repository that is not in it is an error. */

const gateway = 'packages/gateway/src';
const core = `^${gateway}/core/`;
const ports = `^${gateway}/ports(-attention|-passkeys|-break-glass|-scan|-history|-authority|-actions|-chat|-outbox)?\\.ts$`;
const pipeline = `^${gateway}/pipeline\\.ts$`;
const desk = `^${gateway}/review/`;
const limits = `^${gateway}/limits\\.ts$`;
const telemetry = `^${gateway}/telemetry/`;
const verifier = '^packages/verifier/src/';
const sdk = '^packages/sdk/src/';
const contract = '^packages/sdk/src/contract/';
const plugin = '(connectors|channels|stores)';
const pluginContract = `^${gateway}/(connectors/connector|channels/(channel|chat-deciding|chat-refusals|chat-routing)|stores/store(-canaries|-chat-links|-deliveries|-governance)?)\\.ts$`;

/** Whatever the place, bounds and business events come from one file each. */
const everywhere = [limits, telemetry];

/** `from` may import `may` and nothing else of ours. `because` is what the one who breaks it reads. */
const table = [
  {
    name: 'verifier',
    from: verifier,
    may: [verifier],
    because: 'an auditor reads and runs it alone: it imports nothing.',
  },
  {
    name: 'sdk',
    from: sdk,
    may: [sdk],
    because: 'agents and browsers carry it: it knows its own contract and nothing of the gateway.',
  },
  {
    name: 'core',
    from: core,
    may: [core, verifier],
    because: 'core decides and edges act: it imports core and verifier, so that it stays pure.',
  },
  {
    name: 'limits',
    from: limits,
    may: [],
    because: 'bounds are numbers with reasons: everyone reads them, they read no one.',
  },
  {
    name: 'ports',
    from: ports,
    may: [core, verifier, ports, pluginContract],
    because: 'a port says what the pipeline needs in terms of core, verifier and the contracts of plug-ins.',
  },
  {
    name: 'pipeline',
    from: pipeline,
    may: [core, ports, desk, `^${gateway}/assess/`, pluginContract, ...everywhere],
    because: 'the way of one action is stages over core, ports and contracts: it knows no plug-in.',
  },
  {
    name: 'desk',
    from: desk,
    may: [core, ports, desk, pluginContract, ...everywhere],
    because: 'reviews are a stage of the pipeline: core, ports and contracts, and no plug-in.',
  },
  {
    name: 'telemetry',
    from: telemetry,
    may: [telemetry, core, limits],
    because: 'everyone calls it, so it knows nobody: only the types of core.',
  },
  {
    name: 'plugin-contract',
    from: pluginContract,
    may: [
      core,
      ports,
      verifier,
      limits,
      `^${gateway}/stores/store-(canaries|chat-links|deliveries|governance)\\.ts$`,
    ],
    because: 'a third party implements it from this one place: core and ports are all it may speak of.',
  },
  {
    name: 'plugin-compliance',
    from: `^${gateway}/(${plugin.slice(1, -1)})/compliance`,
    may: [core, ports, verifier, `^${gateway}/$1/`, ...everywhere],
    notMay: [`^${gateway}/$1/[^/]+/`],
    because: 'the suite runs against any implementation, so it knows the contract and no plug-in.',
  },
  {
    name: 'plugin',
    from: `^${gateway}/${plugin}/([^/]+)/`,
    may: [`^${gateway}/$1/$2/`, pluginContract, core, ports, verifier, ...everywhere],
    because:
      'a plug-in is its own directory over its contract and core: never a sibling, the pipeline or the API.',
  },
  {
    name: 'outbox',
    from: `^${gateway}/outbox/`,
    may: [`^${gateway}/outbox/`, core, ports, pluginContract, ...everywhere],
    because: 'the outbox hands deliveries to whatever keeps the contract of channels: it knows no channel.',
  },
  {
    name: 'ledger',
    from: `^${gateway}/ledger/`,
    may: [
      `^${gateway}/ledger/`,
      `^${gateway}/core/(entry|heartbeat-entry|custody-entries|subject|identity|ids|result)\\.ts$`,
      verifier,
      ports,
      ...everywhere,
    ],
    because:
      'the ledger keeps entries and knows nothing of what they mean: core/entry, its own kinds with whom they name, verifier and ports.',
  },
  {
    name: 'policy',
    from: `^${gateway}/policy/`,
    may: [`^${gateway}/policy/`, core, ports, ...everywhere],
    because: 'the policy engine is an adapter: core, ports and its own libraries.',
  },
  {
    name: 'classify',
    from: `^${gateway}/classify/`,
    may: [`^${gateway}/classify/`, core, ports, ...everywhere],
    because: 'the classifier is an adapter from names to tags: core, ports and its own libraries.',
  },
  {
    name: 'assess',
    from: `^${gateway}/assess/`,
    may: [`^${gateway}/assess/`, core, ports, pluginContract, ...everywhere],
    because: 'stages 3 to 5 are a part of the pipeline: core, ports and contracts, and no plug-in.',
  },
  {
    name: 'identity',
    from: `^${gateway}/identity/`,
    may: [`^${gateway}/identity/`, core, ports, ...everywhere],
    because: 'identity turns a credential into a principal: core, ports and its own libraries.',
  },
  {
    name: 'passkeys',
    from: `^${gateway}/passkeys/`,
    may: [`^${gateway}/passkeys/`, core, ports, verifier, ...everywhere],
    because: 'passkeys are an adapter to WebAuthn: core, ports and the formats that outsiders verify.',
  },
  {
    name: 'config',
    from: `^${gateway}/config(\\.ts$|/)`,
    may: [`^${gateway}/config(\\.ts$|/)`, core, ports, pluginContract, ...everywhere],
    because: 'config only describes options; what is made of them is decided in gateway.ts.',
  },
  {
    name: 'api',
    from: `^${gateway}/api/`,
    may: [`^${gateway}/api/`, pipeline, core, ports, contract, ...everywhere],
    because: 'the API is an edge over the pipeline: it reaches plug-ins and the ledger through ports.',
  },
  {
    name: 'tools',
    from: `^${gateway}/tools/`,
    may: [
      `^${gateway}/tools/`,
      `^${gateway}/(policy|classify|config)/`,
      `^${gateway}/connectors/[^/]+/(describe|catalog)(\\.ts$|/)`,
      core,
      ports,
      verifier,
      ...everywhere,
    ],
    because:
      'the tools decide on files: policies, the catalog and what describes an action, and nothing that connects.',
  },
  {
    name: 'system',
    from: `^${gateway}/system\\.ts$`,
    may: [core, ports, limits],
    because: 'clock and randomness are the smallest adapters there are: core and ports.',
  },
  {
    name: 'composition',
    from: `^${gateway}/(gateway|main|composition/[a-z-]+)\\.ts$`,
    may: [`^${gateway}/`, sdk, verifier],
    because: 'the composition root knows every part of the gateway, and no other program.',
  },
  {
    name: 'cli-console',
    from: '^packages/(cli|console)/src/',
    may: ['^packages/$1/src/', sdk, verifier],
    because: 'a client goes through the API like everybody: sdk and verifier, never the gateway.',
  },
];

const ours = '^(packages/[^/]+/(src|test|bin|dist)|scripts|sample|bench|examples)/';
/** Tests may set up whatever they need; the code that they test may not. */
const test = '(\\.test\\.ts$|^packages/[^/]+/test/)';

const edges = table.flatMap(({ name, from, may, notMay, because }) => [
  {
    name: `edge-${name}`,
    severity: 'error',
    comment: because,
    from: { path: from, pathNot: specific(name) },
    to: { path: ours, pathNot: may },
  },
  ...(notMay ?? []).map((path) => ({
    name: `edge-${name}`,
    severity: 'error',
    comment: because,
    from: { path: from, pathNot: test },
    to: { path },
  })),
]);

/** The general row for plug-ins leaves their contracts and suites, which are files beside them, to those rows. */
function specific(name) {
  return name === 'plugin' ? [test, `^${gateway}/${plugin}/compliance/`] : test;
}

module.exports = {
  forbidden: [
    ...edges,
    {
      name: 'gateway-row-missing',
      severity: 'error',
      comment:
        'each part of the gateway has a row in the table of .dependency-cruiser.cjs; give this one its own.',
      from: {
        path: `^${gateway}/`,
        pathNot: [
          test,
          core,
          ports,
          pipeline,
          desk,
          telemetry,
          limits,
          `^${gateway}/${plugin}/`,
          `^${gateway}/(ledger|policy|assess|classify|identity|passkeys|config|api|tools|composition|outbox)/`,
          `^${gateway}/(gateway|main|system|config)\\.ts$`,
        ],
      },
      to: {},
    },
    {
      name: 'pure-packages-use-no-library',
      severity: 'error',
      comment: 'verifier and core run anywhere and are read whole: no library and no Node built-in.',
      from: { path: [verifier, core, ports, limits], pathNot: test },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown', 'core'],
      },
    },
    {
      name: 'pipeline-uses-no-library',
      severity: 'error',
      comment: 'the pipeline is the table of contents of the project: what needs a library is behind a port.',
      from: { path: [pipeline, desk], pathNot: test },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown', 'core'],
      },
    },
    {
      name: 'sdk-uses-no-node',
      severity: 'error',
      comment: 'the sdk runs in browsers: no Node built-in.',
      from: { path: sdk, pathNot: test },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'in a cycle nothing can be read first; move what both need to a file of its own.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      severity: 'error',
      comment: 'nothing imports it and it imports nothing: connect it or delete it.',
      from: { orphan: true, path: '^packages/[^/]+/src/', pathNot: ['\\.d\\.ts$', test] },
      to: {},
    },
    {
      name: 'unresolvable',
      severity: 'error',
      comment: 'the import leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-test-in-production',
      severity: 'error',
      comment: 'what ships does not depend on what tests it.',
      from: { path: '^packages/[^/]+/src/', pathNot: test },
      to: { path: test },
    },
    {
      name: 'no-dev-dependency-in-production',
      severity: 'error',
      comment: 'an installed package has only its dependencies.',
      from: { path: '^packages/[^/]+/src/', pathNot: [test, '/compliance'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules/\\.vite)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['sallyport-source', 'import', 'node', 'types', 'default'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json', '.d.ts'],
    },
  },
};
