// @ts-check
/**
 * One rule for each `on: event` trigger of the pipelines, with its pattern. It hands the event over in an envelope that
 * names the pipeline, so that what matches is decided by EventBridge alone. (No patterns are merged: lists in them are
 * "or", member by member.)
 */
const { createHash } = require('node:crypto');

const { toQueue } = require('./rule.cjs');

/**
 * @typedef {{ kind: string, pattern?: object }} Trigger
 * @typedef {{ pipeline: string, triggers: readonly Trigger[] }} Plan
 */

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
const LONGEST_NAME = 64;

/**
 * @param {readonly Plan[]} plans
 * @param {{ stage: string, name: string }} stage `name`: `baton-<stage>`
 * @returns {Record<string, object>}
 */
function resourcesOf(plans, { stage, name }) {
  /** @type {Record<string, object>} */
  const rules = {};
  for (const { pipeline, triggers } of plans) {
    for (const { kind, pattern } of triggers) {
      if (kind !== 'event' || pattern === undefined) continue;
      const hash = createHash('sha256')
        .update(JSON.stringify([pipeline, pattern]))
        .digest('hex')
        .slice(0, 8);
      const begin = `${name}-event-${pipeline}`.slice(0, LONGEST_NAME - hash.length - 1);
      // Another pattern is another rule: the old one goes, and nothing is renamed under way.
      const rule = toQueue(`${begin}-${hash}`, pattern);
      Object.assign(rule.Properties.Targets[0] ?? {}, {
        InputTransformer: {
          InputTemplate: `{"source":"baton.event","stage":"${stage}","pipeline":"${pipeline}","event":<aws.events.event.json>}`,
        },
      });
      rules[`EventRule${hash}`] = rule;
    }
  }
  return rules;
}

module.exports = { events: { rules: 'event-*', resourcesOf } };
