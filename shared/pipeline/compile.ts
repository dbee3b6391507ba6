/** Compiles a pipeline folder to a plan, or to a list of its problems. Pure: it reads no disk and no clock. */
import { gzipSync } from 'node:zlib';

import { defined } from '../run/defined.ts';
import { BUILT_IN_PLACEHOLDERS, checkParameters } from './parameters.ts';
import { Catalog } from './catalog/catalog.ts';
import { followStatement } from './catalog/follow.ts';
import { conflictRetries } from './conflict-retry.ts';
import { parseDuration } from './duration.ts';
import { gradeOf } from './grade.ts';
import { contentHash } from './hash.ts';
import { UnclosedTokenError } from './lexer.ts';
import { fusibleSteps } from './fusible.ts';
import type { FileEffect } from './lineage.ts';
import { LineageReader } from './lineage.ts';
import { mixedSteps } from './mixed.ts';
import { isMarkerTable, MARKER_IS_BATONS, markerProblem } from './marker-table.ts';
import { didYouMean } from './nearest.ts';
import type { Parameter, Plan, Step } from './plan.ts';
import type { Problem } from './problem.ts';
import { inOrder, positionOf } from './problem.ts';
import type { ReadSettings } from './read-settings.ts';
import { readSettings } from './read-settings.ts';
import { DEFAULTS } from './schema.ts';
import { PIPELINE_NAME } from './shape.ts';
import { SESSION_SETTINGS, settingAsSql } from './session-set.ts';
import type { PipelineSettings, StepSettings } from './settings.ts';
import type { SqlFile } from './sql-file.ts';
import { readSqlFile } from './sql-file.ts';
import { makeStep, retryPolicy, runTimeout } from './step.ts';
import { kindOfStep } from './step-kind.ts';
import { stepFiles } from './step-files.ts';
import { placeholdersOf } from './template.ts';
import type { Upstream } from './triggers/chains.ts';
import { manyFilesProblems } from './triggers/many-files.ts';
import { missingValue, parameterProblems, startedBy, triggerProblems, triggersOf } from './triggers/check.ts';
import { kindOf } from './triggers/table.ts';

/** 128 bits: it is stored with every write of a run. */
const PLAN_HASH_LENGTH = 32;

/** The settings file of a pipeline folder. */
export const PIPELINE_FILE = 'pipeline.yml';

/** A plan is one DynamoDB item, compressed. Bytes. */
const MAX_PLAN_BYTES = 350 * 1024;

/** History rows are sorted by a step number of three digits. */
const MAX_STEPS = 999;

export interface PipelineSource {
  /** The folder's name. */
  readonly name: string;
  /** `pipeline.yml` and every `.sql` file, by name. */
  readonly files: ReadonlyMap<string, string>;
}

export interface Compiled {
  /** Absent where there is an error; warnings do not prevent it. */
  readonly plan?: Plan;
  readonly problems: readonly Problem[];
  /** The upstream pipelines, with their positions in pipeline.yml; the caller checks whether they exist. */
  readonly upstreams: readonly Upstream[];
}

/** @param declared the tables of `sql/setup/` */
export function compilePipeline(source: PipelineSource, declared = new Catalog()): Compiled {
  return new Compiler(source, declared).compile();
}

class Compiler {
  readonly #source: PipelineSource;
  readonly #declared: Catalog;
  readonly #problems: Problem[] = [];
  readonly #read: ReadSettings | undefined;
  /** The SQL is checked even if pipeline.yml is invalid. */
  readonly #settings: PipelineSettings;

  constructor(source: PipelineSource, declared: Catalog) {
    this.#source = source;
    this.#declared = declared;
    const text = source.files.get(PIPELINE_FILE);
    this.#read = text === undefined ? undefined : readSettings(text, PIPELINE_FILE);
    this.#settings = this.#read?.settings ?? { on: [] };
  }

  compile(): Compiled {
    if (!new RegExp(PIPELINE_NAME).test(this.#source.name)) {
      this.#say(
        `the folder name ${this.#source.name} is not a valid pipeline name: lower-case letters, digits and _, starting with a letter, at most 60`,
      );
    }
    if (this.#read === undefined) this.#say('the pipeline has no pipeline.yml');
    else this.#problems.push(...this.#read.problems);
    const parameters = this.#parameters();
    const effects = this.#lineage(this.#sqlFiles(parameters));
    const steps = this.#steps(effects, parameters);
    this.#checkUses(effects, parameters);
    this.#checkMarkerTable(effects);
    this.#checkNames(effects);
    this.#checkTriggers(effects, parameters);
    const plan = this.#plan(steps, parameters);
    const hasError = this.#problems.some((problem) => problem.severity === 'error');
    return {
      ...(hasError ? {} : { plan }),
      problems: inOrder(this.#problems),
      upstreams: this.#upstreams(),
    };
  }

  /** About the pipeline as a whole, or a key of pipeline.yml. */
  #say(
    message: string,
    path: readonly (string | number)[] = [],
    severity: Problem['severity'] = 'error',
  ): void {
    this.#problems.push(
      this.#read?.problemAt(path, message, severity) ?? {
        file: PIPELINE_FILE,
        line: 1,
        column: 1,
        severity,
        message,
      },
    );
  }

  #sayIn(file: SqlFile, problem: { offset: number; severity: Problem['severity']; message: string }): void {
    const { severity, message } = problem;
    this.#problems.push({ file: file.name, ...positionOf(file.text, problem.offset), severity, message });
  }

  #stepSettings(name: string): StepSettings {
    const { steps } = this.#settings;
    return steps !== undefined && Object.hasOwn(steps, name) ? (steps[name] ?? {}) : {};
  }

  #parameters(): Parameter[] {
    const { parameters, problems } = checkParameters(this.#settings.parameters ?? {});
    for (const { name, message, severity } of problems) this.#say(message, ['parameters', name], severity);
    return parameters;
  }

  #sqlFiles(parameters: readonly Parameter[]): SqlFile[] {
    const { names, problems } = stepFiles(
      [...this.#source.files.keys()].filter((name) => name.endsWith('.sql')),
    );
    for (const { file, message } of problems)
      this.#problems.push({ file, line: 1, column: 1, severity: 'error', message });
    if (names.length > MAX_STEPS)
      this.#say(
        `the pipeline has ${names.length} steps; at most ${MAX_STEPS} are allowed: combine related statements in one file`,
      );
    if (names.length === 0 && problems.length === 0)
      this.#say('the pipeline has no steps: add a file like 10_load.sql to its folder');
    for (const name of Object.keys(this.#settings.steps ?? {})) {
      if (!this.#source.files.has(name))
        this.#say(`file ${name} not found in this folder${didYouMean(name, names)}`, ['steps', name]);
    }
    const known = new Set([...BUILT_IN_PLACEHOLDERS, ...parameters.map(({ name }) => name)]);
    const prepared = new Map();
    const files = names.map((name) => readSqlFile(name, this.#source.files.get(name) ?? '', known, prepared));
    for (const file of files) for (const problem of file.problems) this.#sayIn(file, problem);
    return files;
  }

  #lineage(files: readonly SqlFile[]): FileEffect[] {
    const reader = new LineageReader(files, (name) => this.#stepSettings(name));
    const effects = files.map((file) => reader.read(file, this.#stepSettings(file.name)));
    for (const { file, problems } of effects) for (const problem of problems) this.#sayIn(file, problem);
    return effects;
  }

  #steps(effects: readonly FileEffect[], parameters: readonly Parameter[]): Step[] {
    const retries = conflictRetries(effects);
    const made = effects.map((effect, i) => {
      const settings = this.#stepSettings(effect.file.name);
      const kind = kindOfStep(effect, settings);
      for (const problem of kind.problems) this.#sayIn(effect.file, problem);
      const path = ['steps', effect.file.name];
      if (kind.settingProblem !== undefined) this.#say(kind.settingProblem, [...path, 'kind']);
      const { step, problems } = makeStep({
        effect,
        settings,
        pipeline: this.#settings,
        kind: kind.kind,
        conflictRetry: retries[i] ?? false,
        known: new Set([...BUILT_IN_PLACEHOLDERS, ...parameters.map(({ name }) => name)]),
      });
      for (const { key, message, severity } of problems) this.#say(message, [...path, key], severity);
      return { effect, step, settings };
    });
    for (const { file, problem } of mixedSteps(made)) this.#sayIn(file, problem);
    const fusible = this.#settings.fuse === 'off' ? [] : fusibleSteps(made, parameters);
    return made.map(({ step }, i) => markedFusible(step, fusible[i]));
  }

  /** Unknown and unused placeholders; UNLOADs to a prefix that would start runs. */
  #checkUses(effects: readonly FileEffect[], parameters: readonly Parameter[]): void {
    const names = parameters.map(({ name }) => name);
    const known = [...BUILT_IN_PLACEHOLDERS, ...names];
    const used = new Set<string>();
    for (const { file } of effects) {
      for (const { name, offset } of file.statements.flatMap(({ uses }) => uses)) {
        used.add(name);
        if (known.includes(name)) continue;
        this.#sayIn(file, {
          offset,
          severity: 'error',
          message: `unknown placeholder :${name}${didYouMean(name, known)}; known are ${known.map((one) => `:${one}`).join(', ')}, and the names declared under parameters: in pipeline.yml`,
        });
      }
      for (const { facts } of file.statements)
        if (facts.unloadTo !== undefined) this.#checkUnload(file, facts.unloadTo, parameters);
    }
    for (const { name } of this.#verifyUses()) used.add(name);
    // With broken files a parameter may only seem unused.
    if (effects.some(({ file }) => file.statements.length === 0)) return;
    for (const name of names) {
      if (!used.has(name)) this.#say(`the parameter ${name} is not used by any step`, ['parameters', name]);
    }
  }

  /** Columns and tables that are declared nowhere. */
  #checkNames(effects: readonly FileEffect[]): void {
    const catalog = this.#declared.copy();
    for (const { file } of effects)
      for (const { tokens, facts } of file.statements)
        for (const problem of followStatement(tokens, facts, catalog)) this.#sayIn(file, problem);
  }

  #checkMarkerTable(effects: readonly FileEffect[]): void {
    const searchPath = this.#settings.session?.set?.['search_path'];
    for (const { file } of effects) {
      for (const statement of file.statements) {
        const problem = markerProblem(statement, searchPath);
        if (problem !== undefined) this.#sayIn(file, problem);
      }
    }
    for (const [name, { writes = [] }] of Object.entries(this.#settings.steps ?? {})) {
      if (writes.some((table) => isMarkerTable(table, searchPath)))
        this.#say(MARKER_IS_BATONS, ['steps', name, 'writes']);
    }
  }

  #checkUnload(
    file: SqlFile,
    to: { offset: number; text?: string; param?: string },
    parameters: readonly Parameter[],
  ): void {
    const target =
      to.param === 'file_uri' || to.param === 'manifest'
        ? undefined
        : (to.text ?? parameters.find(({ name }) => name === to.param)?.default ?? '');
    const trigger = target === undefined ? `:${to.param}` : startedBy(target, triggersOf(this.#settings.on));
    if (trigger === undefined) return;
    this.#sayIn(file, {
      offset: to.offset,
      severity: 'error',
      message: `UNLOAD must not write under ${trigger}: its files would start new runs, or be loaded by one`,
    });
  }

  /** The triggers, and placeholders that the runs they start would lack. */
  #checkTriggers(effects: readonly FileEffect[], parameters: readonly Parameter[]): void {
    if (this.#read?.settings === undefined) return;
    const { on } = this.#settings;
    const triggers = triggersOf(on);
    const usesManifest = effects.some(
      // A broken file may use it.
      ({ file }) =>
        file.statements.length === 0 ||
        file.statements.some(({ uses }) => uses.some(({ name }) => name === 'manifest')),
    );
    const problems = [
      ...triggerProblems(on, this.#source.name),
      ...parameterProblems(parameters, triggers),
      ...manyFilesProblems(this.#settings, triggers, usesManifest),
    ];
    for (const { path, message, severity } of problems) this.#say(message, path, severity);
    for (const { file } of effects) {
      for (const { name, offset } of file.statements.flatMap(({ uses }) => uses)) {
        const message = missingValue(name, triggers);
        if (message !== undefined) this.#sayIn(file, { offset, severity: 'error', message });
      }
    }
    for (const { step, name } of this.#verifyUses()) {
      const message = missingValue(name, triggers);
      if (message !== undefined) this.#say(message, ['steps', step, 'verify']);
    }
  }

  /** Placeholders of `verify:` queries; one that is not SQL has none, and is refused elsewhere. */
  #verifyUses(): { step: string; name: string }[] {
    return Object.entries(this.#settings.steps ?? {}).flatMap(([step, { verify = '' }]) => {
      try {
        return placeholdersOf(verify).map((name) => ({ step, name }));
      } catch (error) {
        if (!(error instanceof UnclosedTokenError)) throw error;
        return [];
      }
    });
  }

  #upstreams(): Upstream[] {
    return triggersOf(this.#settings.on).flatMap((trigger, i) => {
      const pipeline = kindOf(trigger).upstream?.(trigger);
      if (pipeline === undefined) return [];
      const { line = 1, column = 1 } = this.#read?.problemAt(['on', i, trigger.kind], '') ?? {};
      return [{ pipeline, line, column }];
    });
  }

  #sessionSet(): Record<string, string> {
    const set: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.#settings.session?.set ?? {})) {
      const made = settingAsSql(name, value);
      if ('sql' in made) set[name] = made.sql;
      else this.#say(`session.set.${name}: ${made.wrong}`, ['session', 'set', name]);
      const meant = SESSION_SETTINGS.has(name.toLowerCase()) ? '' : didYouMean(name, SESSION_SETTINGS);
      if (meant !== '')
        this.#say(`${name} is not a known Redshift setting${meant}`, ['session', 'set', name], 'warning');
    }
    return set;
  }

  #plan(steps: readonly Step[], parameters: readonly Parameter[]): Plan {
    const { session, description, concurrency, onFailure, onReplay, warehouse, onBadFile, isolate, fuse } =
      this.#settings;
    const { startedEvent } = this.#settings;
    const keepAliveSeconds = session?.keepAlive ?? parseDuration(DEFAULTS.keepAlive) ?? 0;
    if (keepAliveSeconds > 3600) {
      this.#say(
        'Redshift Serverless may close a session that is idle for more than 1h, before this keep-alive ends (raise it with ALTER USER … SESSION TIMEOUT)',
        ['session', 'keepAlive'],
        'warning',
      );
    }
    const { baseSeconds, maxSeconds } = retryPolicy(this.#settings.retry);
    if (baseSeconds > maxSeconds)
      this.#say('the first delay (base) is longer than the maximum (max)', ['retry']);
    const plan: Omit<Plan, 'hash'> = {
      schema: 2,
      pipeline: this.#source.name,
      description: description ?? DEFAULTS.description,
      triggers: triggersOf(this.#settings.on),
      steps,
      session: { keepAliveSeconds, set: this.#sessionSet() },
      parameters,
      concurrency: concurrency ?? DEFAULTS.concurrency,
      onFailure: onFailure ?? DEFAULTS.onFailure,
      onReplay: onReplay ?? DEFAULTS.onReplay,
      ...(onBadFile === 'isolate' ? { isolateFiles: isolate?.files ?? DEFAULTS.isolateFiles } : {}),
      ...(startedEvent === true && { startedEvent }),
      timeoutSeconds: runTimeout(this.#settings),
      ...(fuse === 'off' ? { fuse } : {}),
      ...defined({ warehouse }),
      grade: gradeOf(steps),
    };
    const whole = {
      ...plan,
      hash: contentHash({ ...plan, steps: steps.map(withoutPlaces) }).slice(0, PLAN_HASH_LENGTH),
    };
    const bytes = gzipSync(JSON.stringify(whole)).length;
    if (bytes > MAX_PLAN_BYTES) {
      this.#say(
        `the compiled pipeline has ${bytes} bytes compressed; at most ${MAX_PLAN_BYTES} fit into one item of the run table: split the pipeline`,
      );
    }
    return whole;
  }
}

function markedFusible(step: Step, fusible = false): Step {
  return fusible ? { ...step, fusible: true } : step;
}

/** A statement that moved in its file is the same statement. */
function withoutPlaces(step: Step): Step {
  return { ...step, statements: step.statements.map(({ parts }) => ({ parts })) };
}
