/**
 * Slack's requests over Socket Mode: a web socket that the gateway opens, for where nothing reaches it from outside. Slack
 * authenticates it by the app's token. Slack's own client reconnects by itself only where nothing went wrong, and where
 * something did it ends the process by a rejection that nobody handles; so reconnecting is done here.
 */
import { SocketModeClient } from '@slack/socket-mode';
import type { Limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Acknowledgement } from './interactions.ts';
import { readCommand, readInteraction, type Incoming } from './payload.ts';
import type { Secret } from '../../ports-chat.ts';
import { clientOptions, silent, socketAddress } from './web-client.ts';

export interface SocketOptions {
  readonly appToken: Secret;
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly handle: (incoming: Incoming) => Promise<Acknowledgement>;
  readonly log: Pick<Log, 'failed'>;
}

interface Envelope {
  readonly ack: (answer?: object) => Promise<void>;
  readonly body: unknown;
}

export class SlackSocket {
  readonly #options: SocketOptions;
  #client: SocketModeClient | undefined;
  #cancel = (): void => undefined;
  #isClosed = false;
  #failures = 0;

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  /** Resolves when the first attempt is over, whatever came of it; it goes on trying. */
  async start(): Promise<void> {
    const { appToken, apiUrl, limits } = this.#options;
    const client = new SocketModeClient({
      appToken: appToken.reveal(),
      autoReconnectEnabled: false,
      logger: silent,
      clientOptions: clientOptions({ apiUrl, limits }),
    });
    this.#client = client;
    client.on('interactive', (envelope: Envelope) => this.#take(envelope, readInteraction(envelope.body)));
    client.on('slash_commands', (envelope: Envelope) => this.#take(envelope, readCommand(envelope.body)));
    client.on('disconnected', () => this.#again(client));
    if (!(await this.#opens(client))) {
      this.#leave(client);
      this.#again(client);
    } else if (this.#isClosed) this.#leave(client);
    else this.#failures = 0;
  }

  /** False where Slack refuses, or takes the connection and says nothing. */
  async #opens(client: SocketModeClient): Promise<boolean> {
    const { clock, limits, log } = this.#options;
    const opened = client.start().then(
      () => true,
      (error: unknown) => {
        log.failed({ where: 'slack.socket', error });
        return false;
      },
    );
    let cancel = (): void => undefined;
    const late = new Promise<boolean>((resolve) => {
      cancel = clock.after(limits.slackCallMs, () => resolve(false));
    });
    const isOpen = await Promise.race([opened, late]);
    cancel();
    return isOpen;
  }

  /** Its end isn't waited for: a peer that says nothing may take half a minute of it. */
  #leave(client: SocketModeClient): void {
    client.disconnect().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    const client = this.#client;
    this.#client = undefined;
    await client?.disconnect().catch(() => undefined);
  }

  /** Once for each client that is lost. */
  #again(lost: SocketModeClient): void {
    if (this.#isClosed || this.#client !== lost) return;
    this.#client = undefined;
    this.#failures += 1;
    const { clock, limits } = this.#options;
    const delayMs = Math.min(
      limits.slackReconnectMs * 2 ** Math.min(this.#failures - 1, 10),
      limits.slackReconnectLongestMs,
    );
    this.#cancel = clock.after(delayMs, () => void this.start());
  }

  #take({ ack }: Envelope, incoming: Incoming | undefined): void {
    const { handle, log } = this.#options;
    // What isn't acknowledged shows as failed to its author, who then knows that it doesn't count.
    if (incoming === undefined) return;
    handle(incoming)
      .then((answer) => ack(answer ?? undefined))
      .catch((error: unknown) => log.failed({ where: 'slack.socket', error }));
  }
}

/** Whether Slack would let us: the connection's address is asked for, and not used. Rejects with a SlackFault. */
export async function openSocketOnce(
  options: Pick<SocketOptions, 'appToken' | 'apiUrl' | 'limits'>,
): Promise<void> {
  await socketAddress(options);
}
