/** A case of a test file, made into what policies are asked. */
import type { CatalogEntry } from '../classify/catalog.ts';
import type { PolicyConfiguration } from '../config/offline.ts';
import type { Target } from '../core/identity.ts';
import { situated, situationRules } from '../core/situation.ts';
import { nearest } from '../policy/nearest.ts';
import type { PolicyRequest } from '../ports.ts';
import type { TargetCatalog } from '../connectors/postgres/catalog/types.ts';
import type { CaseSource } from './case-files.ts';
import type { CaseFile, TestCase } from './case-schema.ts';
import { catalogOfSchema, describeAction, describeSql, requestOf, requesterOf } from './describe.ts';

/** Who asks what of whom, by names: a case, or the options of `policy explain`. */
export type Asked = Pick<TestCase, 'agent' | 'target' | 'onBehalfOf' | 'sql' | 'action'> &
  Partial<Pick<TestCase, 'signals' | 'calendars'>>;

/** One request for each statement; a text that can't be described is refused before any policy is asked. */
export type Posed =
  | { readonly kind: 'requests'; readonly requests: readonly PolicyRequest[] }
  | { readonly kind: 'undescribed'; readonly message: string };

/** In the moment that the case says. */
function inMoment(request: PolicyRequest, { calendars = [], signals = [] }: Asked): PolicyRequest {
  const here = situationRules.filter(({ name }) => signals.includes(name));
  const more = here.map(({ name, weight }) => ({ name, weight, explanation: '' }));
  const risk = more.length === 0 ? request.risk : situated(request.risk, more);
  return { ...request, risk, calendars: calendars.toSorted() };
}

/** What a case says is wrong with itself; the caller adds where it stands. */
export class CaseError extends Error {}

interface AgentShape {
  readonly name: string;
  readonly groups: readonly string[];
  readonly sponsor: string;
}

const unknown = (what: string, name: string, names: readonly string[]): CaseError => {
  const meant = nearest(name, names);
  const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
  return new CaseError(`there is no ${what} ${JSON.stringify(name)}${hint}`);
};

/** A case file, completed by the configuration where it says nothing itself. */
export class CaseWorld {
  readonly #file: CaseFile;
  readonly #configuration: PolicyConfiguration | null;
  readonly #catalogs = new Map<string, TargetCatalog>();

  constructor(source: Pick<CaseSource, 'content'>, configuration: PolicyConfiguration | null) {
    this.#file = source.content;
    this.#configuration = configuration;
  }

  async pose(asked: Asked): Promise<Posed> {
    const agent = this.#agent(asked.agent);
    const target = this.#target(asked.target);
    const requester = requesterOf(agent, asked.onBehalfOf ?? agent.sponsor);
    const entries = this.#entries(target.name);
    if ((asked.sql === undefined) === (asked.action === undefined))
      throw new CaseError('a case has either sql or action');
    if (asked.action !== undefined) {
      const description = describeAction(asked.action);
      const request = requestOf(requester, target, description, entries);
      return { kind: 'requests', requests: [inMoment(request, asked)] };
    }
    const described = await describeSql(asked.sql ?? '', this.#catalog(target.name));
    if (!described.ok) return { kind: 'undescribed', message: described.error };
    const requests = described.value.map((description) =>
      inMoment(requestOf(requester, target, description, entries), asked),
    );
    if (requests.length === 0) throw new CaseError('the text holds no statement');
    return { kind: 'requests', requests };
  }

  #agent(name: string): AgentShape {
    const written = this.#file.agents[name];
    if (written !== undefined) return { name, ...written };
    const configured = this.#configuration?.agents ?? [];
    const found = configured.find((agent) => agent.name === name);
    if (found !== undefined) return found;
    throw unknown('agent', name, [...Object.keys(this.#file.agents), ...configured.map((each) => each.name)]);
  }

  #target(name: string): Target {
    const written = this.#file.targets[name];
    if (written !== undefined) return { name, ...written };
    const configured = this.#configuration?.targets ?? [];
    const found = configured.find((target) => target.name === name);
    if (found !== undefined) return found;
    throw unknown('target', name, [
      ...Object.keys(this.#file.targets),
      ...configured.map((each) => each.name),
    ]);
  }

  #entries(target: string): readonly CatalogEntry[] {
    const written = this.#file.classes[target];
    if (written === undefined) return this.#configuration?.catalog ?? [];
    return Object.entries(written).map(([dataset, columns]) => ({
      target,
      dataset,
      classes: [],
      columns: Object.entries(columns).map(([pattern, classes]) => ({ pattern, classes })),
    }));
  }

  #catalog(target: string): TargetCatalog {
    const known = this.#catalogs.get(target);
    if (known !== undefined) return known;
    const written = this.#file.schema[target];
    if (written === undefined) {
      throw new CaseError(
        `what a statement does depends on the tables of ${target}, which no target is asked for here: write them under schema, or describe an action`,
      );
    }
    const catalog = catalogOfSchema(written);
    this.#catalogs.set(target, catalog);
    return catalog;
  }
}
