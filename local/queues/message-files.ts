/** One file a message, written whole or not at all. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Message } from './message.ts';

export class MessageFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** In the order in which they were sent. */
  load(): readonly Message[] {
    const messages: Message[] = [];
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      // What a killed process was writing.
      if (name.endsWith('.new')) rmSync(path, { force: true });
      if (!name.endsWith('.json')) continue;
      try {
        messages.push(JSON.parse(readFileSync(path, 'utf8')) as Message);
      } catch {
        // Only a broken disk or a hand can do that; one bad file must not keep the queue from starting.
        renameSync(path, `${path}.unreadable`);
      }
    }
    return messages.sort((a, b) => a.sentAt - b.sentAt);
  }

  save(message: Message): void {
    const path = this.#path(message.id);
    writeFileSync(`${path}.new`, JSON.stringify(message));
    renameSync(`${path}.new`, path);
  }

  remove(id: string): void {
    rmSync(this.#path(id), { force: true });
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}
