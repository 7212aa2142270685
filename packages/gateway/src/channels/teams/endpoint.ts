/** Teams' requests by HTTP. Nothing of one is done before its token is found to be the Bot Connector's, for us. */
import type { PlatformEndpoint, PlatformRequest } from '../../ports-chat.ts';
import { type Invoke, readActivity, readEnvelope } from './activity.ts';
import type { TaskAnswer } from './dialogs.ts';
import type { InvokeAnswer } from './invokes.ts';
import { type Fault, faultOf, type VerifyOptions } from './verify.ts';

export interface EndpointOptions extends VerifyOptions {
  readonly handle: (invoke: Invoke) => Promise<InvokeAnswer | TaskAnswer>;
  readonly recordForged: (code: Fault) => Promise<void>;
}

export function teamsEndpoint(options: EndpointOptions): PlatformEndpoint {
  return async (request) => {
    const payload = read(request);
    const envelope = readEnvelope(payload);
    if (envelope === undefined) return { kind: 'unreadable' };
    const fault = await faultOf(request.header('authorization'), envelope, options);
    if (fault === 'keys.unreachable') return { kind: 'unavailable' };
    if (fault !== null) {
      // Whatever comes of the record: it is refused.
      await options.recordForged(fault).catch(() => undefined);
      return { kind: fault.startsWith('token.') ? 'unsigned' : 'forbidden' };
    }
    const incoming = readActivity(payload, envelope);
    if (incoming.kind === 'unreadable') return { kind: 'unreadable' };
    return {
      kind: 'taken',
      body: incoming.kind === 'nothing' ? null : await options.handle(incoming.invoke),
    };
  };
}

function read({ body, header }: PlatformRequest): unknown {
  if (!/^application\/json\s*(;|$)/i.test(header('content-type') ?? '')) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    return undefined;
  }
}
