// @ts-check
/** Downstream pipelines (`on: pipeline`): the success of a run goes to the same queue as files. */

const { inPatterns, numbered } = require('./rule.cjs');

/**
 * @typedef {{ kind: string, pipeline?: string }} Trigger
 * @typedef {{ triggers: readonly Trigger[] }} Plan
 */

/**
 * @param {readonly Plan[]} plans
 * @param {{ stage: string, name: string }} stage `name`: `baton-<stage>`
 * @returns {Record<string, object>}
 */
function resourcesOf(plans, { stage, name }) {
  const triggers = plans.flatMap((plan) => plan.triggers);
  const followed = triggers.flatMap(({ kind, pipeline }) =>
    kind === 'pipeline' && pipeline !== undefined ? [pipeline] : [],
  );
  const patterns = inPatterns([...new Set(followed)].sort(), (pipelines) => ({
    source: ['baton'],
    'detail-type': ['Run Succeeded'],
    // Several stages share the account's bus.
    detail: { stage: [stage], pipeline: pipelines },
  }));
  return numbered('SucceededRule', `${name}-succeeded`, patterns);
}

module.exports = { followers: { rules: 'succeeded*', resourcesOf } };
