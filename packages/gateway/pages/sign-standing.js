import { datasetLine, element, lines, sentence, term } from './common.js';
import { decideOn, idOfPage } from './deciding.js';

/** spec/standing.md */
function form(read) {
  const { agent, onBehalfOf, operation, template, preconditions, functions, fields, target } = read;
  const { maxUses, maxRowsPerUse, maxRows, validFrom, validUntil } = read;
  const datasets = read.datasets.map(({ access, basis, classes, columns, dataset }) => {
    const used = columns.map(({ classes: own, name, uses }) => ({ classes: own, name, uses }));
    return { access, basis, classes, columns: used, dataset };
  });
  return {
    ...{ agent, onBehalfOf, operation, template, preconditions, functions, datasets, fields },
    ...{ maxUses, maxRowsPerUse, maxRows },
    target: { name: target.name, protocol: target.protocol, environment: target.environment },
    validFromMs: Date.parse(validFrom),
    validUntilMs: Date.parse(validUntil),
    version: 'sallyport/standing/v1',
  };
}

const text = (value) => (value === null ? 'NULL' : JSON.stringify(value));

function constraintOf({ kind, value, values, order, min, max }) {
  if (kind === 'equals') return `is ${text(value)}`;
  if (kind === 'oneOf') return `is one of ${values.map(text).join(', ')}`;
  return `is a ${order} from ${min} to ${max}`;
}

const fieldLine = ({ name, type, context, constraint }) =>
  `${name} (${type}) ${context}: ${constraintOf(constraint)}`;

function bounds(read) {
  const { target, maxUses, maxRows, maxRowsPerUse, validFrom, validUntil } = read;
  return element(
    'dl',
    {},
    ...term('Agent', `${read.agent}, for ${read.onBehalfOf}`),
    ...term('Target', `${target.name}, ${target.protocol}, ${target.environment}`),
    ...term('Operation', read.operation),
    ...term('Uses', `at most ${maxUses}`),
    ...term('Rows', `at most ${maxRowsPerUse} in one use, ${maxRows} in all`),
    ...term('Time', `from ${validFrom} until ${validUntil}`),
    ...term('Data', ...lines(read.datasets.map(datasetLine))),
    ...term('Functions', ...lines(read.functions)),
    ...term('Votes until', read.votesUntil),
  );
}

/** Law 6: all that it allows, and everything else that the gateway says of it. */
const whole = (read) => [
  element('h2', {}, 'The command, byte for byte, but for its fields'),
  element('pre', { id: 'command' }, read.command),
  element('h2', {}, 'What its fields may be'),
  element('ol', {}, ...lines(read.fields.map(fieldLine)).map((line) => element('li', {}, line))),
  element('h2', {}, 'What it allows'),
  bounds(read),
  element('h2', {}, 'Why'),
  element('p', {}, `${read.proposedBy} proposes it: ${read.reason}`),
  element('h2', {}, 'Everything, as the gateway has it'),
  element('pre', {}, JSON.stringify(read, null, 2)),
];

decideOn({
  path: `../../v1/standing-grants/${idOfPage()}`,
  noun: 'proposal',
  open: 'proposed',
  form,
  whole,
  votedOn: ({ digest, id }) => ({ standing: id, terms: digest, version: 'sallyport/standing-vote/v1' }),
});
