/** A server that answers what a script says, and keeps what it was sent. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `cut`: the connection is closed without an answer. */
export type Answer =
  | 'cut'
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
      /** The connection is closed in the middle of the body. */
      readonly isCut?: boolean;
    };

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export class ScriptedServer {
  readonly #server: Server;
  #script: Answer[] = [];
  #received: Received[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { method, url: path, headers } = request;
        this.#received.push({ method, path, headers, body: Buffer.concat(parts).toString('utf8') });
        const answer = this.#script.shift() ?? {};
        if (answer === 'cut') {
          request.socket.destroy();
          return;
        }
        const { status = 200, headers: own, body = '', isCut = false } = answer;
        response.sendDate = false;
        response.writeHead(status, { 'x-amzn-requestid': 'request', ...own });
        if (isCut) response.write(body, () => request.socket.destroy());
        else response.end(body);
      });
    });
  }

  /** Its URL. */
  async start(): Promise<string> {
    await new Promise<void>((listening) => {
      this.#server.listen(0, '127.0.0.1', listening);
    });
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** What is answered next, in this order; then an empty 200. */
  answers(script: readonly Answer[]): void {
    this.#script = [...script];
    this.#received = [];
  }

  /** Since the last script. */
  get received(): readonly Received[] {
    return this.#received;
  }
}
