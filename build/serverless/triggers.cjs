// @ts-check
/** What the triggers of the pipelines need in the template: one entry for each kind. */

const { arn } = require('./arn.cjs');
const { arrivals } = require('./arrivals.cjs');
const { events } = require('./events.cjs');
const { followers } = require('./followers.cjs');
const { schedules } = require('./schedules.cjs');

/**
 * @typedef {import('./arrivals.cjs').Plan & import('./schedules.cjs').Plan & import('./followers.cjs').Plan & import('./events.cjs').Plan} Plan
 *
 * @typedef {object} Stage
 * @property {string} stage
 * @property {string} name `baton-<stage>`
 * @property {string} landing
 * @property {string} artifacts
 * @property {number} archiveDays
 * @property {string | object} permissionsBoundary
 * @property {string} globalNames
 * @property {string} queuesKey
 *
 * @typedef {object} Kind
 * @property {string} [rules] the end of the names of the rules that fill the arrivals queue, if there are any
 * @property {(plans: readonly Plan[], stage: Stage, problems: import('./arrivals.cjs').Problems) => Record<string, object>} resourcesOf
 */

/** @type {readonly Kind[]} */
const KINDS = [arrivals, followers, schedules, events];

/**
 * @param {readonly Plan[]} plans
 * @param {Stage} stage
 * @param {import('./arrivals.cjs').Problems} problems
 * @returns {Record<string, object>}
 */
function triggerResources(plans, stage, problems) {
  return Object.fromEntries(
    KINDS.flatMap(({ resourcesOf }) => Object.entries(resourcesOf(plans, stage, problems))),
  );
}

/**
 * ARNs, with wildcards, of the rules that may fill the arrivals queue.
 *
 * @param {string} name `baton-<stage>`
 */
function ruleArns(name) {
  return KINDS.flatMap(({ rules }) => (rules === undefined ? [] : [ruleArn(`${name}-${rules}`)]));
}

/** @param {string} name */
function ruleArn(name) {
  return arn(`events:\${AWS::Region}:\${AWS::AccountId}:rule/${name}`);
}

module.exports = { ruleArn, ruleArns, triggerResources };
