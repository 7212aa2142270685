export { SqlDescriber } from './describer.ts';
export { prepareParser } from './parser.ts';
export { groupingTemplate, shapeOfStatement } from './shape.ts';
export { boundRowLimit } from './row-limit.ts';
export { formatSearchPath, parseSearchPath } from './names.ts';
export type {
  DescribedStatement,
  DescribeError,
  DescriberLimits,
  SessionContext,
  SettingChange,
  StatementEffects,
  TransactionStep,
} from './types.ts';
