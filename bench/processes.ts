/** The processes of a local AWS and the memory they use. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

export interface ProcessMemory {
  /** `supervisor`, `dynamodb`, `redshift`, `lambda`. */
  readonly name: string;
  /** Bytes in use before. */
  readonly before: number;
  /** The most bytes in use since. */
  readonly peak: number;
}

interface Found {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** Bytes. */
  readonly resident: number;
}

const SAMPLE_EVERY_MS = 100;
const isLinux = process.platform === 'linux';

/** Watches the Node processes of the stack (PostgreSQL apart) until `stop`. */
export class MemoryWatch {
  readonly #watched: readonly (Found & { readonly name: string })[];
  readonly #peaks = new Map<number, number>();
  readonly #timer: NodeJS.Timeout | undefined;

  /** `supervisor`: its process id. */
  constructor(supervisor: number) {
    this.#watched = nodeProcessesOf(supervisor);
    if (isLinux) for (const { pid } of this.#watched) forgetPeak(pid);
    // Elsewhere the system keeps no peak that could be read.
    else this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS);
  }

  stop(): ProcessMemory[] {
    clearInterval(this.#timer);
    if (!isLinux) this.#sample();
    return this.#watched.map(({ pid, name, resident }) => ({
      name,
      before: resident,
      peak: isLinux ? statusBytes(pid, 'VmHWM') : (this.#peaks.get(pid) ?? resident),
    }));
  }

  #sample(): void {
    for (const { pid, resident } of listProcesses()) {
      this.#peaks.set(pid, Math.max(resident, this.#peaks.get(pid) ?? 0));
    }
  }
}

function nodeProcessesOf(supervisor: number): (Found & { name: string })[] {
  const all = listProcesses();
  const family = new Set([supervisor]);
  // A child's number may be smaller than its parent's.
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all.flatMap((each) => {
    if (!family.has(each.pid)) return [];
    const name = each.pid === supervisor ? 'supervisor' : partOf(each.command);
    return name === undefined ? [] : [{ ...each, name }];
  });
}

/** Bundled, or from the sources. */
function partOf(command: string): string | undefined {
  const [, bundled, source] = /local-([a-z]+)\.mjs|local\/([a-z]+)\/process\.ts/.exec(command) ?? [];
  return bundled ?? source;
}

function listProcesses(): Found[] {
  return isLinux ? fromProc() : fromPs();
}

function fromProc(): Found[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const pid = Number(name);
      const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]);
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return [{ pid, parent, command, resident: statusBytes(pid, 'VmRSS') }];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

function fromPs(): Found[] {
  const text = execFileSync('ps', ['-axo', 'pid=,ppid=,rss=,command='], { encoding: 'utf8' });
  return [...text.matchAll(/^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/gm)].map(
    ([, pid, parent, resident, command = '']) => ({
      pid: Number(pid),
      parent: Number(parent),
      command,
      resident: Number(resident) * 1024,
    }),
  );
}

function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0) * 1024;
}

/** https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html: 5 resets the peak. */
function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
  } catch {
    // Not allowed here: then the peak is that since its start, which is not less.
  }
}
