/** Stages 3 to 5, each part made once for everything that has it in common. */
import type { Attempt, Judgement } from '../connectors/connector.ts';
import { assess } from '../core/assess.ts';
import { withinEntry } from '../core/entry-room.ts';
import type { AttemptMembers, Circumstances, UsageShape } from '../core/entry.ts';
import type { Description } from '../core/describe.ts';
import type { Requester } from '../core/identity.ts';
import type { Risk } from '../core/risk.ts';
import { CALM, situated, situationSignals, type Situation } from '../core/situation.ts';
import { usageShape } from '../core/usage-shape.ts';
import { limits } from '../limits.ts';
import type { Classifier, PolicyEngine, PolicyRequest } from '../ports.ts';
import type { History, Watch } from '../ports-history.ts';
import { momentOf, observedBy, type DraftPolicies } from './observing.ts';

export interface JudgingPorts {
  readonly policy: PolicyEngine;
  readonly classifier: Classifier;
  /** Absent: nothing is known of what agents did before, and the risk is that of the action alone. */
  readonly history?: History;
  /** Absent: no draft is observed. */
  readonly drafts?: DraftPolicies;
}

/** Everything that two attempts of one session with one description share in one situation. */
export interface Shape {
  readonly circumstances: Circumstances & PolicyRequest;
  readonly members: AttemptMembers;
  readonly usage: UsageShape;
  /** Null: nobody watches. */
  readonly watch: Watch | null;
}

/** A shape in no situation of note, with the others that it was seen in, by their signals. */
interface BasicShape extends Shape {
  readonly moment: string;
  readonly situations: Map<string, Shape>;
}

type Shaped = Pick<Attempt, 'description' | 'requester' | 'target' | 'estimatedRows'>;

/** Of one shape; signals may differ in the datasets and classes that their words name. */
const MOST_SITUATIONS = 32;

export class Judging {
  readonly #ports: JudgingPorts;
  readonly #shapes = new WeakMap<Description, WeakMap<Requester, BasicShape>>();
  /** Each has a risk of its own, by which a judgement finds it again. */
  readonly #byRisk = new WeakMap<Risk, Shape>();

  constructor(ports: JudgingPorts) {
    this.#ports = ports;
  }

  /** One more attempt, at this moment. What no policy reads of the moment costs nothing before somebody has to look. */
  at(attempt: Shaped, nowMs: number): Shape {
    const shape = this.#shapeOf(attempt);
    const { watch, circumstances } = shape;
    const { estimatedRows } = attempt;
    if (watch === null && estimatedRows === undefined) return shape;
    watch?.seen(nowMs);
    const isLookedAt = this.#isRiskRead(attempt) || circumstances.decision.effect === 'review';
    const situation = isLookedAt ? (watch?.situation(nowMs) ?? CALM) : CALM;
    const here = this.#inSituation(
      shape,
      estimatedRows === undefined ? situation : { ...situation, estimatedRows },
    );
    if (here.circumstances.decision.effect !== 'deny') watch?.mayRun(nowMs);
    return here;
  }

  /** By a policy in force, or by a draft that is observed. */
  #isRiskRead({ target }: Shaped): boolean {
    const { policy, drafts } = this.#ports;
    return policy.readsRisk === true || drafts?.of(target.name)?.readsRisk === true;
  }

  /** What a judgement was made of: the record says what was decided on, whatever has changed since. */
  of({ action, description, risk }: Judgement): Shape {
    const { requester, target } = action;
    return this.#byRisk.get(risk) ?? this.#shapeOf({ description, requester, target });
  }

  #shapeOf(attempt: Shaped): BasicShape {
    const { description, requester } = attempt;
    let ofDescription = this.#shapes.get(description);
    if (ofDescription === undefined) this.#shapes.set(description, (ofDescription = new WeakMap()));
    const known = ofDescription.get(requester);
    const moment = momentOf(this.#ports, attempt.target);
    if (known?.moment === moment) return known;
    const shape = this.#judge(attempt, moment);
    ofDescription.set(requester, shape);
    return shape;
  }

  #judge({ description, requester, target }: Shaped, moment: string): BasicShape {
    const { classifier, history } = this.#ports;
    const datasets = classifier.classify(target, description);
    const risk = assess(description, datasets, target);
    const request = { requester, target, description, datasets, risk };
    const watch = history?.watch(request) ?? null;
    return { moment, situations: new Map(), ...this.#decide(request, watch) };
  }

  #inSituation(shape: BasicShape, situation: Situation): Shape {
    if (situation === CALM) return shape;
    const signals = situationSignals(situation);
    const { estimatedRows = null } = situation;
    if (signals.length === 0 && estimatedRows === null) return shape;
    const named = signals.map(({ name, explanation }) => `${name} ${explanation}`);
    const key = [estimatedRows ?? '', ...named].join('\n');
    let here = shape.situations.get(key);
    if (here === undefined) {
      if (shape.situations.size >= MOST_SITUATIONS) shape.situations.clear();
      const { requester, target, description, datasets, risk } = shape.circumstances;
      const known = { requester, target, description, datasets, risk: situated(risk, signals) };
      const asked = estimatedRows === null ? known : { ...known, estimatedRows };
      shape.situations.set(key, (here = this.#decide(asked, shape.watch)));
    }
    return here;
  }

  #decide(request: PolicyRequest, watch: Watch | null): Shape {
    const observed = observedBy(this.#ports.drafts?.of(request.target.name), request);
    const { operation } = request.description;
    const asked = { ...request, operation, decision: this.#ports.policy.decide(request), ...observed };
    const { decision, members } = withinEntry(asked, limits.entryBytes);
    const circumstances = { ...asked, decision };
    const usage = usageShape(circumstances, decision.effect === 'review');
    const shape = { circumstances, members, usage, watch };
    this.#byRisk.set(request.risk, shape);
    return shape;
  }
}
