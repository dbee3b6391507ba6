// @ts-check
/**
 * The independent parameters, validated: numbers, switches, the COPY role, names, network, the recipients of alarms, tags.
 */
const { regionOfArn } = require('./arn.cjs');

/**
 * @typedef {import('./parameters.cjs').Parameters} Parameters
 * @typedef {InstanceType<typeof import('./problems.cjs').Problems>} Problems
 */

/**
 * What CloudWatch Logs takes, in days.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
 */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Stages with such a name are protected by default. */
const LIKE_PRODUCTION = /^(prod|production|live)(-|$)/;

const MOST_DAYS = 3650;
const MOST_TAGS = 40;
const MOST_CONCURRENCY = 1000;
/** In MB: of a function of Lambda; less than the first would not hold Node and what a run needs (`npm run bench -- bundle`). */
const LEAST_MEMORY = 128;
const MOST_MEMORY = 10_240;
const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=.@/-]+$/;
const POLICY = /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/;
const TOPIC = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/;
/** The longest name that is made of it, NAME-functions, has at most 64 characters. */
const GLOBAL_NAMES = /^[a-z0-9-]{1,54}$/;
const SUBNET = /^subnet-[0-9a-f]{8,17}$/;
const SECURITY_GROUP = /^sg-[0-9a-f]{8,17}$/;
const EMAIL = /^[^\s@,]+@[^\s@,]+$/;
const TAG_NAME = /^(?!aws:)[\w .:/+@-]{1,128}$/i;

/**
 * @param {Parameters} parameters
 * @param {Problems} problems
 */
function settingsOf(parameters, problems) {
  const historyDays = wholeNumber('historyDays', 2, MOST_DAYS);
  const archiveDays = wholeNumber('archiveDays', 1, MOST_DAYS);
  if (archiveDays >= historyDays) {
    problems.add(
      `${parameters.cited('archiveDays')} with ${parameters.cited('historyDays')}`,
      'a file replayed after its run was deleted would be loaded a second time: use a smaller archiveDays',
    );
  }
  return {
    historyDays,
    archiveDays,
    logRetentionDays: logRetentionDays(),
    protect: isOn('protect', LIKE_PRODUCTION.test(parameters.stage)),
    oldestRunHours: wholeNumber('oldestRunHours', 1, 24 * 30),
    memory: wholeNumber('memory', LEAST_MEMORY, MOST_MEMORY),
    runStepConcurrency: concurrency('runStepConcurrency'),
    sweepConcurrency: concurrency('sweepConcurrency'),
    copyRole: copyRole(),
    pipelineMetrics: isOn('pipelineMetrics', true),
    runQueries: isOn('runQueries', true),
    permissionsBoundary: permissionsBoundary(),
    globalNames: globalNames(),
    vpc: vpc(),
    tracing: isOn('tracing', false),
    takeOver: isOn('takeOver', false),
    watching: watching(),
    tags: tags(),
  };

  /**
   * @param {string} name
   * @param {number} least
   * @param {number} most
   */
  function wholeNumber(name, least, most) {
    const value = Number(parameters.text(name));
    if (parameters.text(name) === '' || !Number.isInteger(value) || value < least || value > most) {
      problems.add(parameters.cited(name), `must be a whole number from ${least} to ${most}`);
    }
    return value;
  }

  /**
   * @param {string} name
   * @param {boolean} otherwise
   */
  function isOn(name, otherwise) {
    const value = parameters.text(name);
    if (!['', 'true', 'false'].includes(value)) problems.add(parameters.cited(name), 'must be true or false');
    return value === '' ? otherwise : value === 'true';
  }

  /**
   * None by default: a new account may have ten concurrent executions in total, and Lambda does not allow reserving any of them.
   *
   * @param {string} name
   */
  function concurrency(name) {
    return parameters.text(name) === '' ? null : wholeNumber(name, 1, MOST_CONCURRENCY);
  }

  function logRetentionDays() {
    const days = Number(parameters.text('logRetentionDays'));
    if (!LOG_RETENTION_DAYS.includes(days)) {
      problems.add(
        parameters.cited('logRetentionDays'),
        `CloudWatch Logs accepts one of ${LOG_RETENTION_DAYS.join(', ')} days`,
      );
    }
    return days;
  }

  function copyRole() {
    const value = parameters.text('copyRole');
    if (value !== 'default' && !value.split(',').every((arn) => ROLE.test(arn))) {
      problems.add(
        parameters.cited('copyRole'),
        'must be the ARN of a role attached to the warehouse, arn:aws:iam::ACCOUNT:role/NAME (a role chain separated by ' +
          'commas, without spaces), or default for its default role',
      );
    }
    return value;
  }

  /** Of the roles that are made; for accounts in which no role may be without. */
  function permissionsBoundary() {
    const value = parameters.text('permissionsBoundary');
    if (value === '') return { Ref: 'AWS::NoValue' };
    if (!POLICY.test(value)) {
      problems.add(
        parameters.cited('permissionsBoundary'),
        'must be the ARN of a managed policy, arn:aws:iam::ACCOUNT:policy/NAME',
      );
    }
    return value;
  }

  /** The beginning of names that an account has once, whatever the Region: of roles, managed policies and the dashboard. */
  function globalNames() {
    const name = `baton-${parameters.stage}`;
    const value = parameters.text('globalNames');
    if (value === '' || value === name) return name;
    // By this beginning Baton knows its own statements, and the policy for who deploys its resources.
    if (!value.startsWith(`${name}-`) || !GLOBAL_NAMES.test(value)) {
      problems.add(
        parameters.cited('globalNames'),
        `must begin with ${name}- and have up to 54 lower-case letters, digits and hyphens, for example ${name}-${parameters.region}`,
      );
    }
    return value;
  }

  /** null: the functions run outside of any VPC, which needs nothing. */
  function vpc() {
    const [subnetIds, securityGroupIds] = [
      list('subnets', SUBNET, 'must be ids of subnets, subnet-..., separated by commas'),
      list('securityGroups', SECURITY_GROUP, 'must be ids of security groups, sg-..., separated by commas'),
    ];
    if (subnetIds.length === 0 && securityGroupIds.length === 0) return null;
    if (subnetIds.length === 0)
      problems.add(`${parameters.cited('securityGroups')} without subnets`, 'set both, or neither');
    if (securityGroupIds.length === 0)
      problems.add(`${parameters.cited('subnets')} without securityGroups`, 'set both, or neither');
    return { subnetIds, securityGroupIds };
  }

  /**
   * @param {string} name
   * @param {RegExp} pattern
   * @param {string} remedy
   */
  function list(name, pattern, remedy) {
    const values = listOf(parameters.text(name));
    if (!values.every((value) => pattern.test(value))) problems.add(parameters.cited(name), remedy);
    return values;
  }

  /** Alarms and dashboard, and the recipients of notifications. */
  function watching() {
    const topic = parameters.text('alarmsTopic');
    const email = parameters.text('alarmsEmail');
    const on = isOn('watch', true);
    if (topic !== '' && email !== '') {
      problems.add(
        `${parameters.cited('alarmsTopic')} and ${parameters.cited('alarmsEmail')}`,
        'set one of them; to use both, subscribe the address to the topic',
      );
    }
    for (const name of ['alarmsTopic', 'alarmsEmail']) {
      if (!on && parameters.text(name) !== '') {
        problems.add(
          `${parameters.cited(name)} with ${parameters.cited('watch')}`,
          'without watch=true there are no alarms: remove one of the two',
        );
      }
    }
    if (topic !== '' && !TOPIC.test(topic)) {
      problems.add(
        parameters.cited('alarmsTopic'),
        'must be the ARN of a standard topic, arn:aws:sns:REGION:ACCOUNT:NAME',
      );
    } else if (topic !== '' && regionOfArn(topic) !== parameters.region) {
      problems.add(
        parameters.cited('alarmsTopic'),
        `alarms can notify only topics in their own Region: use a topic in ${parameters.region}`,
      );
    }
    if (email !== '' && !EMAIL.test(email)) {
      problems.add(parameters.cited('alarmsEmail'), 'must be a single e-mail address');
    }
    return { on, topic, email, format: format(email) };
  }

  /**
   * Of messages about runs. Mail shows single lines; a topic that exists is likely read by a chat client or a program.
   *
   * @param {string} email
   */
  function format(email) {
    const value = parameters.text('alarmsFormat');
    if (!['', 'text', 'chat'].includes(value))
      problems.add(parameters.cited('alarmsFormat'), 'must be text or chat');
    const chosen = value === '' ? (email === '' ? 'chat' : 'text') : value;
    return /** @type {import('./messages.cjs').Format} */ (chosen);
  }

  function tags() {
    /** @type {Record<string, string>} */
    const found = {};
    const pairs = listOf(parameters.text('tags'));
    for (const pair of pairs) {
      const [name = '', ...rest] = pair.split('=').map((part) => part.trim());
      const value = rest.join('=');
      if (!TAG_NAME.test(name) || value === '' || value.length > 256 || name in found) {
        problems.add(
          `${parameters.cited('tags')}: "${pair}"`,
          'must be NAME=VALUE,NAME=VALUE, with unique names that do not begin with aws:',
        );
      }
      found[name] = value;
    }
    if (pairs.length > MOST_TAGS)
      problems.add(parameters.cited('tags'), `must have at most ${MOST_TAGS} tags`);
    return found;
  }
}

/**
 * What stands between commas.
 *
 * @param {string} text
 */
function listOf(text) {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

module.exports = {
  EMAIL,
  LEAST_MEMORY,
  LOG_RETENTION_DAYS,
  listOf,
  MOST_CONCURRENCY,
  MOST_MEMORY,
  POLICY,
  ROLE,
  settingsOf,
  TOPIC,
};
