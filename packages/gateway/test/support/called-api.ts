/** The gateway's API over a fake, as a client calls it. */
import { Problem } from '@sallyport/sdk/contract';
import { expect } from 'vitest';
import { createApi } from '../../src/api/api.ts';
import type { ApiDeps } from '../../src/api/deps.ts';
import type { Review } from '../../src/core/review.ts';
import { createFake } from '../api-fake.ts';

export interface Ask {
  readonly token?: string | undefined;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class CalledApi {
  readonly fake = createFake();
  #app = createApi(this.fake.deps);

  /** The same API, but for these parts of what it rests on. */
  replace(parts: Partial<ApiDeps>): void {
    this.#app = createApi({ ...this.fake.deps, ...parts });
  }

  async ask(path: string, { token, method = 'GET', body, headers = {} }: Ask = {}): Promise<Response> {
    return this.#app.request(path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  /** A vote as a surface sends it that has just read the review. */
  ballotFor(review: Review) {
    return {
      kind: 'approve',
      digest: review.subject.digest,
      rendering: this.fake.deps.desk.show(review).rendering,
    };
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return Problem.parse(await response.json());
}
