/** `logs/<function>.log`: the lines of a function's console in Lambda's form, and one report line an invocation. */
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

export class FunctionLogs {
  readonly #folder: string;
  readonly #streams = new Map<string, WriteStream>();

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
  }

  /** `time`: ms since the epoch. */
  line(functionName: string, time: number, requestId: string, level: string, text: string): void {
    this.#stream(functionName).write(`${new Date(time).toISOString()}\t${requestId}\t${level}\t${text}\n`);
  }

  #stream(functionName: string): WriteStream {
    const known = this.#streams.get(functionName);
    if (known !== undefined) return known;
    const stream = createWriteStream(join(this.#folder, `${functionName}.log`), { flags: 'a' });
    stream.on('error', (error) => {
      process.stderr.write(`lambda: ${functionName}.log: ${error.message}\n`);
    });
    this.#streams.set(functionName, stream);
    return stream;
  }
}
