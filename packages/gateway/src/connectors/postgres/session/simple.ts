import { readyForQuery } from '../wire/backend.ts';
import { parseQuery } from '../wire/frontend.ts';
import type { Admitted } from './admission.ts';
import type { Next, SessionHost } from './host.ts';
import { protocolViolation, unsupported } from './refusals.ts';

/** The simple query protocol: one message, any number of statements, one transaction unless they say otherwise. */
export class Simple {
  readonly #session: SessionHost;

  constructor(session: SessionHost) {
    this.#session = session;
  }

  query(frame: Buffer): Next {
    const { asking } = this.#session;
    const parsed = parseQuery(frame);
    if (!parsed.ok)
      return this.#answer(protocolViolation(`The query message is malformed: ${parsed.error}.`));
    const sql = parsed.value;
    const candidates = asking.text(sql);
    const admitted = candidates.ok
      ? this.#session.admit({ candidates: candidates.value, again: () => asking.text(sql) })
      : asking.refuse(sql, candidates.error);
    if (admitted instanceof Promise) {
      // It may wait for long, and must not keep the memory of a whole read.
      const kept = copyOf(frame);
      return admitted.then((settled) => this.#run(kept, settled));
    }
    return this.#run(frame, admitted);
  }

  #run(frame: Buffer, admitted: Admitted): Next {
    if (!admitted.ok) return this.#answer(this.#session.refusalFrame(admitted.error));
    const parts = admitted.value;
    const send = (): void => {
      for (const part of parts) part.state = 'running';
      this.#session.isReady = false;
      this.#session.responses.expect({ kind: 'query', parts, at: 0 });
      this.#session.link.send(frame);
    };
    return this.#session.afterIntents(parts, this.#session.status === 'I', send);
  }

  /** The message ends here; the transaction, if there is one, lives on. */
  #answer(error: Buffer): undefined {
    const { responses, status } = this.#session;
    responses.expect({ kind: 'local', frame: error });
    responses.expect({ kind: 'local', frame: readyForQuery(status) });
    return undefined;
  }

  async refuseFunctionCall(frame: Buffer): Promise<void> {
    const reason = unsupported(
      'Function calls by OID (FunctionCall) are not supported.',
      'Call the function in a SELECT.',
    );
    await this.#session.asking.refuse(`FunctionCall of ${frame.length.toString()} bytes`, reason);
    this.#answer(this.#session.refusalFrame(reason));
  }
}

/** Memory of its own: Node's pool would keep eight KiB for it. */
function copyOf(frame: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(frame.length);
  frame.copy(copy);
  return copy;
}
