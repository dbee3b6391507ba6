/** A response that is discarded: to the service it looks sent. */
import { ServerResponse, type IncomingMessage } from 'node:http';

export class ReplySink extends ServerResponse {
  /** Resolves when the service has ended its reply. */
  readonly ended: Promise<void>;
  #finish: () => void = () => undefined;

  constructor(request: IncomingMessage) {
    super(request);
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  override write(_chunk: unknown, ...rest: unknown[]): boolean {
    callLast(rest);
    return true;
  }

  override end(...given: unknown[]): this {
    callLast(given);
    this.#finish();
    // Code that waits until the response is sent must continue.
    queueMicrotask(() => this.emit('finish'));
    queueMicrotask(() => this.emit('close'));
    return this;
  }
}

function callLast(given: readonly unknown[]): void {
  const last = given.at(-1);
  if (typeof last === 'function') queueMicrotask(last as () => void);
}
